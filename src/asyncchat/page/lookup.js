// Looking back: earlier messages and search, by the commands that do that. Their answers are not shown as answers.

const PAGE = 25; // messages that the server shows at a time
const LISTED = 101; // members, with oneself, whom the server lists
const MOST_PAGES = 200; // that are loaded to jump to one, or passed over since all that was there was deleted
const EVERYTHING = 1e15;

export class Lookup {
  constructor(link, model) {
    this.link = link;
    this.model = model;
  }

  // Send a command, and return its answer: {lines, answer}.
  ask(text, conversation) {
    return new Promise((resolve) => {
      const say = this.link.say(text, { conversation, quiet: true });
      say.lines = [];
      say.done = (answer) => resolve({ lines: say.lines, answer });
    });
  }

  // Tell whether a notice is part of an answer; commands are answered one after the other.
  takes(notice) {
    const command = this.link.waiting.find(({ text, sent }) => sent && /^\/(?!\/)/.test(text));
    command?.lines?.push(notice);
    return Boolean(command?.lines);
  }

  // Ask who is in a room: while it is large, nobody tells who leaves it.
  async people(conversation) {
    if (conversation.isListing || conversation.members > LISTED) return;
    conversation.isListing = true;
    const { lines, answer } = await this.ask("/list", conversation.name);
    conversation.isListing = false;
    const said = lines[0]?.text ?? "";
    if (answer.type !== "ack" || / and \d+ more$/.test(said)) return; // it has become larger
    const [, names = ""] = /^online: (.*)$/.exec(said) ?? [];
    conversation.people.clear();
    for (const name of [...names.split(" ").filter(Boolean), this.model.name]) conversation.know(name);
  }

  // Load a page of earlier messages; return how many there were.
  async earlier(conversation) {
    if (conversation.isLoading || conversation.isComplete || !this.link.isIn) return 0;
    if (!this.model.hasStore) {
      conversation.isComplete = true;
      return 0;
    }
    conversation.isLoading = true;
    const before = conversation.first?.seq ?? Infinity;
    const known = conversation.first ? conversation.last - before + 1 : 0;
    let added = 0;
    for (let page = 1; !added && !conversation.isComplete && page <= MOST_PAGES; page++) {
      const messages = await this.#history(conversation, known + page * PAGE);
      if (!messages) break;
      added = conversation.addEarlier(messages);
      conversation.isComplete = known + page * PAGE >= conversation.last;
      if (added || page > 1) continue;
      const [oldest] = await this.#history(conversation, EVERYTHING) ?? [];
      conversation.isComplete = !(oldest?.seq < before); // else those between were deleted
    }
    conversation.isLoading = false;
    return added;
  }

  // Return 25 messages, beginning with the nth last, or the oldest; null if they are not to be had.
  async #history(conversation, nth) {
    const { lines, answer } = await this.ask(`/history ${nth}`, conversation.name);
    return answer.type === "ack" ? this.model.fromNotices(lines) : null;
  }

  // Search a conversation: {messages, notes}.
  async search(words, conversation) {
    if (conversation.isRefused) return { messages: [], notes: [`There is no conversation with ${conversation.title}.`] };
    const { lines, answer } = await this.ask(`/search ${words}`, conversation.name);
    const notes = lines.filter(({ seq }) => !seq).map(({ text }) => text);
    if (answer.type === "refused") notes.push(answer.text);
    return { messages: this.model.fromNotices(lines).reverse(), notes };
  }

  // Return the item that is this message, which may have to be loaded; undefined if it is not to be had.
  async find(message, conversation) {
    for (let page = 0; page < MOST_PAGES; page++) {
      const found = conversation.seqs.get(message.seq);
      if (found || conversation.first?.seq < message.seq || !(await this.earlier(conversation))) return found;
    }
    return conversation.seqs.get(message.seq);
  }
}
