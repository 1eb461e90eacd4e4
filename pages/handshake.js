// Draws the handshake of this very connection, from what the server tells of it. Whatever comes
// from the server is set as text, never as HTML.
"use strict";

const HANDSHAKE_URL = "/.trio-https/handshake";
const LONG_LIST = 6; // values; a browser offers some fifteen cipher suites

// For those who don't see the arrows.
const DIRECTIONS = { client: ", from browser to server", server: ", from server to browser" };

const byId = (id) => document.getElementById(id);

function setText(id, text) {
  byId(id).textContent = text;
}

function setState(state, message = "") {
  document.documentElement.dataset.state = state;
  setText("status", message);
}

function showHandshake({ version, cipher_suite: suite, resumed, round_trip: roundTrip, steps }) {
  setText("agreed", `${version}, ${suite}`);
  setText("session", resumed ? "resumed, from an earlier visit" : "new");
  setText("round-trip", roundTrip === null ? "not known" : milliseconds(roundTrip));
  byId("steps").replaceChildren(...steps.map(drawStep));
  for (const id of ["outcome", "diagram", "legend"]) byId(id).hidden = false;
}

function drawStep({ party, is_message: isMessage, title, meaning, facts, is_sealed: isSealed, size }) {
  const step = byId("step").content.cloneNode(true).firstElementChild;
  step.classList.add(`by-${party}`);
  step.classList.toggle("message", isMessage);
  step.classList.toggle("sealed", isSealed);
  step.querySelector(".title").textContent = title;
  if (isMessage) step.querySelector(".direction").textContent = DIRECTIONS[party];
  step.querySelector(".size").textContent = describeSize(isMessage, isSealed, size);
  step.querySelector(".step-meaning").textContent = meaning;
  step.querySelector(".values").append(...facts.map(drawFact));
  if (isMessage) step.querySelector("h3").append(element("span", "tip"));
  return step;
}

function describeSize(isMessage, isSealed, size) {
  if (!isMessage) return "";
  const parts = [isSealed ? "encrypted" : "", size === null ? "" : `${size} bytes`];
  return parts.filter(Boolean).join(", ");
}

function drawFact({ name, value, is_good: isGood }) {
  const row = document.createElement("div");
  const term = element("dt", "", name);
  const items = value.split(", ");
  const content = document.createElement("dd");
  if (items.length > LONG_LIST) {
    const details = document.createElement("details");
    const first = items.find((item) => item !== "GREASE");
    details.append(element("summary", "", `${first} and ${items.length - 1} more`), value);
    content.append(details);
  } else {
    content.textContent = (isGood === true ? "ok, " : "") + value;
  }
  row.append(term, content);
  return row;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function milliseconds(seconds) {
  return `${(seconds * 1000).toFixed(1)} ms`;
}

async function main() {
  setState("loading");
  if (location.protocol === "file:") {
    setState("disk", "You opened this page from disk, so there was no handshake. "
      + "Run trio-https, and open the address that it prints.");
    return;
  }
  let handshake;
  try {
    const response = await fetch(HANDSHAKE_URL, { cache: "no-store" });
    handshake = response.ok ? await response.json() : undefined;
  } catch (error) {
    if (error instanceof TypeError) {
      setState("failed", "The server did not answer. Is it still running?");
      return;
    }
  }
  if (handshake === undefined) {
    setState("failed", "These values come from trio-https. This server does not give them, "
      + "so another one may be serving the page.");
  } else if (handshake === null) {
    setState("plain", "There was no handshake with this server: the page came without TLS, "
      + "or a proxy in front of it does the encryption.");
  } else {
    showHandshake(handshake);
    setState("ready");
  }
}

main();
