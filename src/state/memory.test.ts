import { testStateStore } from "../../test/suites/state-store.ts";
import { openMemoryState } from "./memory.ts";

testStateStore("openMemoryState()", openMemoryState);
