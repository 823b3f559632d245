import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Conflict } from "#base/errors.ts";
import type { Collection, StateStore } from "#state/types.ts";

interface Pet {
  id: string;
  name: string;
  owners: string[];
}

/** What every state store promises; each driver runs it in three lines. */
export function testStateStore(name: string, open: () => StateStore): void {
  describe(`${name} as a state store`, () => {
    let store: StateStore;
    let pets: Collection<Pet>;

    beforeEach(() => {
      store = open();
      pets = store.collection<Pet>({
        name: "pets",
        key: (pet) => pet.id,
        indexes: { name: (pet) => [pet.name], owner: (pet) => pet.owners },
        unique: ["name"],
      });
    });
    afterEach(() => store[Symbol.dispose]());

    const cat: Pet = { id: "b1", name: "cat", owners: ["ann", "bob"] };
    const dog: Pet = { id: "a2", name: "dog", owners: ["bob"] };

    test("get() gives back what put() was given, as a copy", () => {
      pets.put(cat);
      const copy = pets.get("b1")!;
      expect(copy).toEqual(cat);
      copy.owners.push("eve");
      expect(pets.get("b1")).toEqual(cat);
      expect(pets.get("nobody")).toBeUndefined();
    });

    test("put() replaces the value and its index keys", () => {
      pets.put(cat);
      pets.put({ ...cat, owners: ["bob", "eve"] });
      expect(pets.count()).toBe(1);
      expect(pets.find("owner", "ann")).toEqual([]);
      expect(pets.find("owner", "eve").map((pet) => pet.id)).toEqual(["b1"]);
    });

    test("list() is in key order and find() follows an index", () => {
      pets.put(cat);
      pets.put(dog);
      expect(pets.list().map((pet) => pet.id)).toEqual(["a2", "b1"]);
      expect(pets.find("owner", "bob").map((pet) => pet.id)).toEqual(["a2", "b1"]);
      expect(() => pets.find("colour", "red")).toThrow("no index colour");
    });

    test("put() refuses a unique index key of another value and changes nothing", () => {
      pets.put(cat);
      expect(() => pets.put({ ...dog, name: "cat" })).toThrow(Conflict);
      expect(pets.list()).toEqual([cat]);
      pets.put({ ...cat, owners: [] }); // its own key is no conflict
      pets.delete("b1");
      pets.put({ ...dog, name: "cat" });
      expect(pets.find("name", "cat").map((pet) => pet.id)).toEqual(["a2"]);
    });

    test("delete() says whether there was a value", () => {
      pets.put(cat);
      expect(pets.delete("b1")).toBe(true);
      expect(pets.delete("b1")).toBe(false);
      expect(pets.find("owner", "bob")).toEqual([]);
    });

    test("keysWithPrefix(), listFrom() and deleteBefore() work on ranges of keys", () => {
      for (const id of ["aa", "ab", "b", "ba"]) pets.put({ id, name: id, owners: ["x"] });
      expect(pets.keysWithPrefix("a", 10)).toEqual(["aa", "ab"]);
      expect(pets.keysWithPrefix("", 3)).toEqual(["aa", "ab", "b"]);
      expect(pets.listFrom("ab", 2).map((pet) => pet.id)).toEqual(["ab", "b"]);
      expect(pets.deleteBefore("b")).toBe(2);
      expect(pets.find("owner", "x").map((pet) => pet.id)).toEqual(["b", "ba"]);
    });

    test("transaction() undoes everything when its work throws", () => {
      pets.put(cat);
      const work = () => {
        pets.put(dog);
        pets.delete("b1");
        throw new Error("changed my mind");
      };
      expect(() => store.transaction(work)).toThrow("changed my mind");
      expect(pets.list()).toEqual([cat]);
      expect(pets.find("owner", "ann")).toEqual([cat]);
    });

    test("transaction() nests: an inner failure undoes only the inner part", () => {
      store.transaction(() => {
        pets.put(cat);
        try {
          store.transaction(() => {
            pets.put(dog);
            throw new Error("inner");
          });
        } catch {}
      });
      expect(pets.list()).toEqual([cat]);
    });

    test("transaction() undoes finished inner transactions when the outer one fails", () => {
      const work = () => {
        store.transaction(() => pets.put(dog));
        throw new Error("outer");
      };
      expect(() => store.transaction(work)).toThrow("outer");
      expect(pets.list()).toEqual([]);
    });

    test("transaction() refuses work that awaits", () => {
      expect(() => store.transaction(async () => pets.put(cat))).toThrow("must not await");
      expect(pets.list()).toEqual([]);
    });

    test("collection() gives the same data for the same name and keeps names apart", () => {
      pets.put(cat);
      const plain = { key: (pet: Pet) => pet.id };
      expect(store.collection<Pet>({ name: "pets", ...plain }).get("b1")).toEqual(cat);
      expect(store.collection<Pet>({ name: "other", ...plain }).list()).toEqual([]);
    });
  });
}
