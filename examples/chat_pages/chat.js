// The chat over a WebSocket, the numbers as server-sent events. What comes from others is set as
// text, never as HTML.
"use strict";

const SECONDS = 60; // that the line shows
const MAX_SHOWN = 500; // messages
const RETRY = 1000; // milliseconds

const byId = (id) => document.getElementById(id);
const rates = []; // messages in each second, oldest first
let lastTotal = null;

function setStatus(text, state) {
  byId("status").textContent = text;
  document.documentElement.dataset.state = state;
}

function showMessage({ author, text }) {
  const item = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = author;
  item.append(name, " ", text);
  const list = byId("messages");
  list.append(item);
  if (list.children.length > MAX_SHOWN) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}

function join(name) {
  const socket = new WebSocket(`wss://${location.host}/chat/${encodeURIComponent(name)}`);
  socket.onopen = () => {
    byId("messages").replaceChildren(); // what was said lately comes with each connection
    setStatus(`You are ${name}.`, "joined");
  };
  socket.onmessage = ({ data }) => showMessage(JSON.parse(data));
  socket.onclose = () => {
    setStatus("Not connected; trying again …", "away");
    setTimeout(join, RETRY, name);
  };
  byId("say").onsubmit = (event) => {
    event.preventDefault();
    if (socket.readyState !== WebSocket.OPEN) return; // what was typed stays
    socket.send(byId("text").value);
    byId("text").value = "";
  };
}

function showVitals({ members, messages, tasks, lag_ms: lag }) {
  byId("members").textContent = members;
  byId("messages-said").textContent = messages;
  byId("tasks").textContent = tasks;
  byId("lag").textContent = lag.toFixed(1);
  rates.push(Math.max(0, messages - (lastTotal ?? messages))); // a server that was restarted has less
  lastTotal = messages;
  if (rates.length > SECONDS) rates.shift();
  drawLine();
}

function drawLine() {
  const highest = Math.max(1, ...rates);
  const first = SECONDS - rates.length;
  const points = rates.map((rate, second) => `${first + second},${19 - (18 * rate) / highest}`);
  byId("line").setAttribute("points", points.join(" "));
}

byId("join").onsubmit = (event) => {
  event.preventDefault();
  byId("join").hidden = true;
  byId("say").hidden = false;
  byId("text").focus();
  join(byId("name").value);
};

new EventSource("/vitals").onmessage = ({ data }) => showVitals(JSON.parse(data));
