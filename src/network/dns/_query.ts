import { setU16, TYPE, u16 } from "./message.ts";

/** For tests: a client's question. */
export function queryBytes(
  name: string,
  {
    id = 1,
    type = TYPE.A,
    edns,
  }: { readonly id?: number; readonly type?: number; readonly edns?: number } = {},
): Uint8Array {
  const question = Buffer.concat(
    name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
  );
  const head = Uint8Array.of(id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns === undefined ? 0 : 1);
  const opt = edns === undefined ? [] : [0, 0, TYPE.OPT, edns >> 8, edns & 0xff, 0, 0, 0, 0, 0, 0];
  return new Uint8Array(Buffer.concat([head, question, Uint8Array.of(0, 0, type, 0, 1, ...opt)]));
}

/** For tests: addresses or names of an answer. */
export function recordsOf(answer: Uint8Array): string[] {
  const records: string[] = [];
  let at = 12;
  while (answer[at] !== 0) at += 1 + answer[at]!;
  at += 5;
  for (let i = 0; i < u16(answer, 6); i++) {
    const length = u16(answer, at + 10);
    const data = answer.subarray(at + 12, at + 12 + length);
    records.push(length === 4 ? data.join(".") : Buffer.from(data).toString("hex"));
    at += 12 + length;
  }
  return records;
}

/** For tests: a resolver's answer with one IPv4 address, or of another code without. */
export function resolverAnswer(
  query: Uint8Array,
  { address = [192, 0, 2, 1], ttl = 60, rcode = 0, truncated = false } = {},
): Uint8Array {
  let end = 12;
  while (query[end] !== 0) end += 1 + query[end]!;
  end += 5;
  const isEmpty = rcode !== 0 || truncated;
  const record = isEmpty ? [] : [0xc0, 12, 0, 1, 0, 1, 0, 0, ttl >> 8, ttl & 0xff, 0, 4, ...address];
  const out = new Uint8Array([...query.subarray(0, end), ...record]);
  setU16(out, 2, 0x8180 | (truncated ? 0x0200 : 0) | rcode);
  setU16(out, 6, isEmpty ? 0 : 1);
  setU16(out, 10, 0);
  return out;
}
