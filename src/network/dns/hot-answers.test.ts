import { expect, test } from "bun:test";
import { queryBytes } from "./_query.ts";
import { HotAnswers } from "./hot-answers.ts";
import { parseQuery, RCODE, u16, writeAnswer } from "./message.ts";

function answerTo(bytes: Uint8Array, addresses: number): Uint8Array {
  const records = Array.from({ length: addresses }, (_, last) => Uint8Array.of(10, 0, 0, last));
  return writeAnswer(bytes, parseQuery(bytes)!, { rcode: RCODE.NOERROR, records, ttl: 5 }, 512);
}

test("HotAnswers give the same answer under each question's id, until names change", () => {
  const hot = new HotAnswers();
  const question = queryBytes("web", { id: 7 });
  hot.put(question, answerTo(question, 1), 1);
  const again = hot.get(queryBytes("web", { id: 9 }), 1)!;
  expect(u16(again, 0)).toBe(9);
  expect(again.subarray(2)).toEqual(answerTo(question, 1).subarray(2));
  expect(hot.get(queryBytes("WEB", { id: 9 }), 1)).toBeUndefined(); // its letters must come back as they are
  expect(hot.get(question, 2)).toBeUndefined();
});

test("HotAnswers keep nothing whose order is to change", () => {
  const hot = new HotAnswers();
  const question = queryBytes("service");
  hot.put(question, answerTo(question, 2), 1);
  expect(hot.get(question, 1)).toBeUndefined();
});
