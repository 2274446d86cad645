// A placeholder: connects, says hello, and shows the events as they come.

const log = document.getElementById("log");
const input = document.getElementById("text");
const socket = new WebSocket(new URL("ws", location.href.replace(/^http/, "ws")));
let lastId = 0;

function send(event) {
  socket.send(JSON.stringify(event));
}

socket.addEventListener("open", () => {
  send({ type: "hello", v: 1, name: `guest${Math.floor(Math.random() * 10000)}` });
});

socket.addEventListener("message", ({ data }) => {
  for (const line of data.split("\n")) {
    if (!line) continue;
    log.append(`${line}\n`);
    if (JSON.parse(line).type === "ping") send({ type: "pong" });
  }
});

socket.addEventListener("close", ({ code }) => {
  log.append(`closed: ${code}\n`);
});

document.getElementById("entry").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  lastId += 1;
  send({ type: "say", id: lastId, text: input.value });
  input.value = "";
});
