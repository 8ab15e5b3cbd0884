// Code that sends the request of an entry again. Secrets are not in the journal, so they are not here.

const SECRET = /^(authorization|cookie|x-auth-token|token)$/i;
const LEFT_OUT = /^(host|content-length|connection|accept-encoding|user-agent|x-request-id|transfer-encoding)$/i;

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const quoted = (text) => JSON.stringify(text);

function request(entry, node) {
  const kept = entry.request;
  if (kept.form !== "http") return null;
  const headers = kept.headers.filter(([name]) => !LEFT_OUT.test(name))
    .map(([name, value]) => [name, SECRET.test(name) ? "…" : value]);
  return { method: kept.method, url: node.addresses.http + kept.target, headers, body: kept.body };
}

export function curl(entry, node) {
  const found = request(entry, node);
  if (!found) {
    const [host, port] = node.addresses[entry.face === "handle_udp" ? "handle_udp" : "handle_tcp"];
    const transport = entry.face === "handle_udp" ? "udp" : "tcp";
    return entry.operation === "resolve" && entry.handle
      ? `idnode resolve ${shell(entry.handle)} --transport ${transport} --server ${host}:${port}` : null;
  }
  return [`curl -X ${found.method} ${shell(found.url)}`,
    ...found.headers.map(([name, value]) => `  -H ${shell(`${name}: ${value}`)}`),
    ...(found.body ? [`  --data-raw ${shell(found.body)}`] : [])].join(" \\\n");
}

export function python(entry, node) {
  const found = request(entry, node);
  if (!found) {
    const [host, port] = node.addresses.handle_tcp;
    const transport = entry.face === "handle_udp" ? "UDP" : "TCP";
    return entry.operation === "resolve" && entry.handle
      ? ["from idnode.clients.answer import Transport", "from idnode.clients.blocking import Client", "",
        `with Client((${quoted(host)}, ${port}), transport=Transport.${transport}) as client:`,
        `    print(client.resolve(${quoted(entry.handle)}))`].join("\n") : null;
  }
  const headers = found.headers.map(([name, value]) => `        ${quoted(name)}: ${quoted(value)},`);
  return ["import requests", "", "answer = requests.request(", `    ${quoted(found.method)},`, `    ${quoted(found.url)},`,
    "    headers={", ...headers, "    },", ...(found.body ? [`    data=${quoted(found.body)}.encode(),`] : []), ")",
    "print(answer.status_code, answer.text)"].join("\n");
}

export function java(entry, node) {
  const found = request(entry, node);
  if (!found) return null;
  const body = found.body ? `BodyPublishers.ofString(${quoted(found.body)})` : "BodyPublishers.noBody()";
  return ["HttpRequest request = HttpRequest.newBuilder()", `    .uri(URI.create(${quoted(found.url)}))`,
    ...found.headers.map(([name, value]) => `    .header(${quoted(name)}, ${quoted(value)})`),
    `    .method(${quoted(found.method)}, ${body})`, "    .build();",
    "HttpResponse<String> answer = HttpClient.newHttpClient()", "    .send(request, BodyHandlers.ofString());",
    "System.out.println(answer.statusCode() + answer.body());"].join("\n");
}
