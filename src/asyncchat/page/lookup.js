// Looking back: earlier messages and search, by the commands that do that. Their answers are not shown as answers.

const PAGE = 25; // messages that the server shows at a time
const LISTED = 101; // members, with oneself, whom the server lists
const MOST_PAGES = 200; // that are loaded to jump to one

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
    const unnumbered = conversation.items.filter(({ from, seq }) => from && !seq).length;
    const numbered = conversation.first ? conversation.last - conversation.first.seq + 1 : 0;
    // One of those that are known is among them, to see that none is missing between.
    const { lines, answer } = await this.ask(`/history ${unnumbered + numbered + PAGE - 1}`, conversation.name);
    conversation.isLoading = false;
    if (answer.type !== "ack") return 0;
    const added = conversation.addEarlier(lines.map((line) => this.model.fromNotice(line)).filter(Boolean));
    conversation.isComplete = added === 0;
    return added;
  }

  // Search a conversation: {messages, notes}.
  async search(words, conversation) {
    if (conversation.isRefused) return { messages: [], notes: [`There is no conversation with ${conversation.title}.`] };
    const { lines, answer } = await this.ask(`/search ${words}`, conversation.name);
    const read = lines.map((line) => this.model.fromNotice(line) ?? line.text);
    const notes = read.filter((line) => typeof line === "string");
    if (answer.type === "refused") notes.push(answer.text);
    return { messages: read.filter(({ from }) => from).reverse(), notes };
  }

  // Return the item that is this message, which may have to be loaded; undefined if it is not to be had.
  async find(message, conversation) {
    const second = (time) => Math.floor(time / 1000);
    const flat = (text) => text.replaceAll("\n", "␊");
    const isIt = ({ time, from, text }) =>
      from === message.from && second(time) === second(message.time) && flat(text) === flat(message.text);
    for (let page = 0; page < MOST_PAGES; page++) {
      const found = conversation.items.find(isIt);
      const oldest = conversation.items.find(({ from }) => from);
      if (found || (oldest && second(oldest.time) < second(message.time))) return found;
      if (!(await this.earlier(conversation))) break;
    }
    return conversation.items.find(isIt);
  }
}
