/** The helper process of tests: what `wharf unpack-layer` is in the built executable. */
import { runUnpackHelper } from "../layer/helper.ts";

process.exit(await runUnpackHelper(process.argv.slice(2)));
