// Fills the welcome page with what the server tells of this very connection. Whatever comes from
// the server is set as text, never as HTML.
"use strict";

const CONNECTION_URL = "/.trio-https/connection";
const DAY = 24 * 60 * 60 * 1000; // milliseconds
const MAX_LOG_LINES = 6;

const connections = new Set(); // addresses of our side: one for each connection
let requestCount = 0;

const byId = (id) => document.getElementById(id);

function setText(id, text) {
  byId(id).textContent = text ?? "not known";
}

function showConnection({ server, client, tls, certificate, log_line: logLine }) {
  setText("server", server);
  setText("client", client);
  if (tls) showEncryption(tls);
  if (certificate) showCertificate(certificate);
  showLogLine(logLine ?? "not known");
  countRequest(client);
}

function showEncryption(tls) {
  setText("wire", tls.version);
  setText("tls-version", tls.version);
  setText("cipher-suite", tls.cipher_suite);
  setText("alpn", tls.alpn ?? "none");
  setText("resumed", tls.resumed ? "yes" : "no");
}

function showCertificate(certificate) {
  setText("certificate-names", certificate.names.join(", "));
  setText("certificate-issuer", certificate.issuer);
  setText("certificate-key", certificate.key);
  setText("sha256", certificate.sha256);
  setDate("not-before", certificate.not_before);
  setDate("not-after", certificate.not_after);
  setText("days-left", describeTimeLeft(certificate, Date.now()));
  drawSeal(certificate.sha256);
}

function setDate(id, iso) {
  byId(id).dateTime = iso;
  setText(id, new Date(iso).toLocaleDateString("en-GB", { dateStyle: "medium" }));
}

function describeTimeLeft({ not_before: notBefore, not_after: notAfter }, now) {
  if (now < Date.parse(notBefore)) return "not valid yet";
  const days = Math.floor((Date.parse(notAfter) - now) / DAY);
  if (days < 0) return "expired";
  return days === 1 ? "1 day left" : `${days} days left`;
}

function showLogLine(line) {
  const lines = byId("log-lines");
  const latest = byId("log-line");
  if (requestCount > 0) {
    const older = latest.cloneNode(true);
    older.removeAttribute("id");
    latest.before(older);
  }
  latest.replaceChildren(...colourLogLine(line));
  if (lines.children.length > MAX_LOG_LINES) lines.firstElementChild.remove();
}

function countRequest(client) {
  requestCount += 1;
  connections.add(client);
  if (requestCount === 1) return;
  const over = connections.size === 1 ? "one connection" : `${connections.size} connections`;
  setText("request-count", `${requestCount} requests so far, over ${over}.`);
}

// What is quoted comes from the client; the status and the TLS part are the server's findings.
function colourLogLine(line) {
  return line.split(/("(?:[^"\\]|\\.)*"|TLSv[\d.]+ \S+)/).map((part) => {
    const span = document.createElement("span");
    span.textContent = part;
    if (part.startsWith('"')) span.className = "quoted";
    if (part.startsWith("TLSv")) span.className = "tls";
    return span;
  });
}

// A guilloche, as on banknotes: strands of one wave, each a little further round than the last.
// The bytes of the fingerprint choose the waves, so another certificate gets another seal.
function drawSeal(fingerprint) {
  if (byId("seal-text").textContent.startsWith(fingerprint)) return;
  const bytes = fingerprint.split(":").map((pair) => parseInt(pair, 16));
  const pick = (index, least, most) => least + (bytes[index] % (most - least + 1));
  const turn = (index) => (bytes[index] / 256) * 2 * Math.PI;
  setText("seal-text", `${fingerprint}:`);
  drawBand(byId("seal-outer"), {
    radius: 140, height: 31, strands: 9,
    waves: pick(0, 7, 13), swells: pick(1, 3, 6), shift: turn(2), depth: 0.15 + bytes[3] / 900,
  });
  drawBand(byId("seal-inner"), {
    radius: 93, height: 14, strands: 6,
    waves: pick(4, 10, 19), swells: pick(5, 2, 5), shift: turn(6), depth: 0.1 + bytes[7] / 900,
  });
}

function drawBand(group, band) {
  const strands = Array.from({ length: band.strands }, (_, index) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("pathLength", "1");
    path.setAttribute("d", strandPath(band, (index / band.strands) * 2 * Math.PI));
    return path;
  });
  group.replaceChildren(...strands);
}

function strandPath({ radius, height, waves, swells, shift, depth }, phase) {
  const steps = 720;
  const points = Array.from({ length: steps }, (_, step) => {
    const angle = (step / steps) * 2 * Math.PI;
    const swell = 1 - depth + depth * Math.cos(swells * angle + shift);
    const distance = radius + height * swell * Math.cos(waves * angle + phase);
    return `${(distance * Math.sin(angle)).toFixed(1)} ${(-distance * Math.cos(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
}

function setState(state, message = "") {
  document.documentElement.dataset.state = state;
  byId("status").textContent = message;
}

function openPadlock(headline, lead) {
  document.documentElement.dataset.padlock = "open";
  document.title = `${headline} · trio_https`;
  setText("headline", headline);
  setText("lead", lead);
  setText("seal-title", "An open padlock");
}

async function update() {
  let connection;
  try {
    const response = await fetch(CONNECTION_URL, { cache: "no-store" });
    connection = response.ok ? await response.json() : null;
  } catch (error) {
    if (error instanceof TypeError) {
      setState("failed", "The server did not answer. Is it still running?");
      return;
    }
    connection = null; // it sent something that is not JSON
  }
  if (!connection) {
    setState("failed", "These values come from trio-https. This server does not give them, "
      + "so another one may be serving the page.");
    return;
  }
  showConnection(connection);
  if (connection.tls) {
    setState("ready");
  } else if (location.protocol === "https:") {
    setState("plain", "The server itself saw no TLS: a proxy in front of it does the encryption.");
  } else {
    setState("plain", "Without TLS there is little to tell.");
  }
}

async function main() {
  setState("loading");
  if (location.protocol === "file:") {
    openPadlock("HTTPS is next.", "You opened this page from disk, so nothing was sent yet. "
      + "Run trio-https, and open the address that it prints.");
    setState("disk", "There is no connection to tell about.");
    byId("again").disabled = true;
    return;
  }
  if (location.protocol === "http:") {
    openPadlock("Not encrypted.", "This page came over plain HTTP. "
      + "Open the address that begins with https:// and look again.");
  }
  byId("again").addEventListener("click", update);
  await update();
}

main();
