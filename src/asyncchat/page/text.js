// What is in a text: names, links, code. All of it becomes text nodes and elements, never HTML.

import { make } from "./elements.js";

const BASE = /[\p{L}\p{N}\p{M}_.\-·׳״\u200c\u200d]/u;
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff\u3041-\u312f\u31a0-\u31ff\uff66-\uff9f\u2e80-\u2fd5\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
const ENDINGS = /[_\-.·׳״]/;
const LINK = /https?:\/\/[^\s<>"`]+/gi;
const LONGEST = 1 << 16;

const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

// The form in which names are compared.
export const keyOf = (name) => name.normalize("NFKC").toLowerCase().normalize("NFC");

// The number of the name's colour: the same as in the terminal.
export function colourOf(name) {
  let crc = ~0;
  for (const byte of new TextEncoder().encode(keyOf(name))) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (~crc >>> 0) % 16;
}

const fold = (text) => text.normalize("NFKC").toLowerCase().replaceAll("ς", "σ");
const before = (text, at) => [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";

function outside(text, at, step) {
  while (ENDINGS.test(text[step < 0 ? at - 1 : at] ?? "")) at += step;
  return step < 0 ? before(text, at) : String.fromCodePoint(text.codePointAt(at) ?? 32);
}

function isEdge(text, at, step) {
  const next = outside(text, at, step);
  const inner = step < 0 ? String.fromCodePoint(text.codePointAt(at) ?? 32) : before(text, at);
  return !next || !BASE.test(next) || UNSPACED.test(next) || UNSPACED.test(inner);
}

// Where `text` has the name as a whole word: [start, end] each time.
export function mentions(text, name) {
  const key = fold(name);
  const found = [];
  if (!key || !fold(text).includes(key)) return found;
  // Letter by letter, since folding may change how long a text is.
  const starts = [];
  let folded = "";
  for (const match of text.matchAll(/\P{M}\p{M}*|\p{M}+/gu)) {
    const letter = fold(match[0]);
    for (let i = 0; i < letter.length; i++) starts[folded.length + i] = i ? -1 : match.index;
    folded += letter;
  }
  starts[folded.length] = text.length;
  for (let at = folded.indexOf(key); at >= 0; at = folded.indexOf(key, at + 1)) {
    const [start, end] = [starts[at], starts[at + key.length]];
    if (start >= 0 && end >= 0 && isEdge(text, start, -1) && isEdge(text, end, 1)) found.push([start, end]);
  }
  return found;
}

// Where a name may begin that is not finished at the end of the text.
export function wordStart(text) {
  let start = text.length;
  while (start && BASE.test(before(text, start))) start -= before(text, start).length;
  return start;
}

function* plain(text, name) {
  let end = 0;
  for (const [start, after] of name ? mentions(text, name) : []) {
    if (start < end) continue;
    yield text.slice(end, start);
    yield make("mark", {}, text.slice(start, after));
    end = after;
  }
  yield text.slice(end);
}

function* linked(text, name) {
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    // What closes a sentence or a bracket around it is no part of it.
    let url = match[0].replace(/[.,;:!?'*_~]+$/, "");
    while (/[)\]}]$/.test(url) && count(url, url.at(-1)) > count(url, OPENING[url.at(-1)])) {
      url = url.slice(0, -1).replace(/[.,;:!?]+$/, "");
    }
    if (!URL.canParse(url)) continue;
    yield* plain(text.slice(end, match.index), name);
    yield make("a", { href: url, rel: "noopener noreferrer", target: "_blank" }, url);
    end = match.index + url.length;
  }
  yield* plain(text.slice(end), name);
}

const OPENING = { ")": "(", "]": "[", "}": "{" };
const count = (text, character) => text.split(character).length - 1;

// The nodes that show a text; `name`: what is marked in it.
export function* rich(text, name) {
  if (text.length > LONGEST) text = `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more characters)`;
  text = text.replaceAll("␊", "\n");
  let end = 0;
  for (const match of text.matchAll(/```(?:[a-z0-9+#-]*\n)?([\s\S]+?)```|`([^`\n]+)`/g)) {
    yield* linked(text.slice(end, match.index), name);
    yield match[1] ? make("pre", { tabindex: 0 }, make("code", {}, match[1].replace(/\n$/, ""))) : make("code", {}, match[2]);
    end = match.index + match[0].length;
    if (match[1] && text[end] === "\n") end += 1;
  }
  yield* linked(text.slice(end), name);
}

const TODAY = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

export const hour = (time) => TODAY.format(time);
export const full = (time) => FULL.format(time);
export const dayKey = (time) => new Date(time).toDateString();

export function day(time) {
  const days = Math.round((new Date().setHours(12, 0, 0, 0) - new Date(time).setHours(12, 0, 0, 0)) / 864e5);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (Math.abs(days) < 180 ? DAY : YEAR).format(time);
}

export const short = (time) => (dayKey(time) === dayKey(Date.now()) ? hour(time) : `${day(time)} ${hour(time)}`);

// A line of the server, with its times in the time zone of the reader.
export function local(text, times = []) {
  let done = "";
  for (const time of times) {
    const at = text.indexOf(time);
    if (at < 0) continue;
    done += text.slice(0, at) + short(Date.parse(time));
    text = text.slice(at + time.length);
  }
  return done + text;
}

// The room in a link to the page; empty if it is not whole.
export function roomOf(hash) {
  try {
    return decodeURIComponent(hash);
  } catch {
    return "";
  }
}
