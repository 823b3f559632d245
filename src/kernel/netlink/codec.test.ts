import { describe, expect, test } from "bun:test";
import {
  decodeAcknowledgement,
  decodeAttributes,
  decodeMessages,
  decodeText,
  MessageWriter,
} from "./codec.ts";
import { NLM_F, NLMSG } from "./constants.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("MessageWriter", () => {
  test("writes header, numbers and padded attributes in the kernel's layout", () => {
    const writer = new MessageWriter(7).message(0x10, NLM_F.ACK, (message) =>
      message.u32(0x01020304).textAttribute(3, "eth0").u32Attribute(4, 1500).u8Attribute(5, 1),
    );
    expect(hex(writer.bytes())).toBe(
      [
        "30000000", // length 48
        "1000", // type
        "0500", // ACK | REQUEST
        "07000000", // sequence
        "00000000", // port: the kernel fills it
        "04030201",
        "0900", // attribute length without padding
        "0300",
        "6574683000000000", // "eth0", NUL, padding
        "08000400dc050000",
        "0500050001000000",
      ].join(""),
    );
    expect(writer.acknowledged).toEqual([7]);
  });

  test("nested attributes carry their length and the flag", () => {
    const writer = new MessageWriter(1).message(1, 0, (message) =>
      message.nested(18, (info) => info.textAttribute(1, "veth").nested(2, (data) => data.u8Attribute(1, 9))),
    );
    expect(hex(writer.bytes().subarray(16))).toBe(
      ["1c001280", "09000100", "7665746800000000", "0c000280", "0500010009000000"].join(""),
    );
  });

  test("grows, and numbers messages one after the other", () => {
    const writer = new MessageWriter(5);
    for (let index = 0; index < 100; index++) {
      writer.message(20, index % 2 ? NLM_F.ACK : 0, (message) =>
        message.attribute(1, new Uint8Array(50).fill(index)),
      );
    }
    const messages = decodeMessages(Buffer.from(writer.bytes()));
    expect(messages.map((message) => message.sequence)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 5),
    );
    expect(decodeAttributes(messages[99]!.payload).get(1)).toEqual(Buffer.alloc(50, 99));
    expect(writer.acknowledged).toHaveLength(50);
    expect([4, 5, 104, 105].map((sequence) => writer.has(sequence))).toEqual([false, true, true, false]);
  });

  test("refuses an attribute whose length does not fit its field", () => {
    const write = (message: MessageWriter) => message.attribute(1, new Uint8Array(0x10000));
    expect(() => new MessageWriter(1).message(1, 0, write)).toThrow(RangeError);
    expect(() =>
      new MessageWriter(1).message(1, 0, (m) =>
        m.nested(1, (n) => {
          n.attribute(1, new Uint8Array(40_000)).attribute(1, new Uint8Array(40_000));
        }),
      ),
    ).toThrow(RangeError);
  });
});

describe("decoding", () => {
  test("decodeMessages() refuses a message longer than its datagram", () => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32LE(64);
    expect(() => decodeMessages(bytes)).toThrow("broken message");
  });

  test("decodeAttributes() stops at a broken attribute and ignores flags of the type", () => {
    const bytes = Buffer.from("08000280010000000200ffff", "hex");
    expect([...decodeAttributes(bytes)]).toEqual([[2, Buffer.from("01000000", "hex")]]);
  });

  test("decodeText() ends at the NUL", () => {
    expect(decodeText(Buffer.from("eth0\0"))).toBe("eth0");
    expect(decodeText(Buffer.from("eth0"))).toBe("eth0");
  });
});

describe("decodeAcknowledgement()", () => {
  // struct nlmsgerr: the number, the refused message or its header, then attributes.
  const words = Buffer.from("Name taken\0\0", "latin1");
  const acknowledgement = (flags: number, echoedBody: Uint8Array) => {
    const payload = Buffer.concat([
      Buffer.from("efffffff", "hex"), // -17
      Buffer.from([16 + echoedBody.length, 0, 0, 0, ...new Array(12).fill(0)]),
      echoedBody,
      Buffer.from("0f000100", "hex"), // NLMSGERR_ATTR_MSG, 11 bytes
      words,
      Buffer.from("0800020034000000", "hex"), // NLMSGERR_ATTR_OFFS 52
    ]);
    return { type: NLMSG.ERROR, flags, sequence: 3, sender: 0, payload };
  };

  test.each([
    { title: "the refused message's header", flags: NLM_F.ACK_TLVS | NLM_F.CAPPED, body: 0 },
    { title: "the whole refused message", flags: NLM_F.ACK_TLVS, body: 24 },
  ])("finds the kernel's words after $title", ({ flags, body }) => {
    expect(decodeAcknowledgement(acknowledgement(flags, new Uint8Array(body)))).toEqual({
      sequence: 3,
      errno: 17,
      words: "Name taken",
      offset: 52,
    });
  });

  test("without words it is the number alone", () => {
    const payload = Buffer.alloc(20);
    const expected = { sequence: 9, errno: 0, words: "", offset: undefined };
    expect(
      decodeAcknowledgement({ type: NLMSG.ERROR, flags: NLM_F.CAPPED, sequence: 9, sender: 0, payload }),
    ).toEqual(expected);
  });

  test("other messages are none", () => {
    expect(
      decodeAcknowledgement({ type: 16, flags: 0, sequence: 1, sender: 0, payload: Buffer.alloc(32) }),
    ).toBeUndefined();
  });
});
