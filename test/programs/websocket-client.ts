/**
 * A WebSocket client that is not ours: Bun's, in a process of its own inside a test's machine.
 * `websocket-client.ts talk|listen URL [COUNT]`; prints what it met as JSON.
 */
export {}; // a module: it waits at its top level

const [mode, url, count = "1"] = process.argv.slice(2) as [string, string, string?];

interface Met {
  readonly kinds: Set<string>;
  text: string;
  readonly code: number;
}

/** One client: `heard` is told everything that came so far after each message. */
function meet(heard: (socket: WebSocket, text: string) => void): Promise<Met> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const kinds = new Set<string>();
  let text = "";
  return new Promise((resolve, reject) => {
    socket.onopen = () => heard(socket, "");
    socket.onmessage = ({ data }) => {
      kinds.add(typeof data === "string" ? "text" : "binary");
      text += typeof data === "string" ? data : Buffer.from(data as ArrayBuffer).toString();
      heard(socket, text);
    };
    socket.onclose = ({ code }) => resolve({ kinds, text, code });
    socket.onerror = () => reject(new Error(`cannot speak with ${url}`));
  });
}

/** A text message, a binary one, then the close: the container must see both, and the end. */
async function talk(): Promise<unknown> {
  let isDone = false;
  const met = await meet((socket, text) => {
    if (text === "") socket.send("as text\n");
    else if (text === "as text\n") socket.send(Buffer.from("as bytes\n"));
    else if (text === "as text\nas bytes\n" && !isDone) {
      isDone = true;
      socket.close(1000);
    }
  });
  return { kinds: [...met.kinds], text: met.text };
}

async function listen(): Promise<unknown> {
  const all = await Promise.all(Array.from({ length: Number(count) }, () => meet(() => {})));
  const hashes = all.map(({ text }) => Bun.hash(text).toString());
  return {
    lengths: [...new Set(all.map(({ text }) => text.length))],
    different: new Set(hashes).size,
    codes: [...new Set(all.map(({ code }) => code))],
  };
}

console.log(JSON.stringify(await (mode === "talk" ? talk() : listen())));
process.exit(0);
