/**
 * Bundles the page into ../built, whole or not at all; tests and esbuild's own report say how large it is.
 *
 *     node build.ts
 */

import { cp, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "built");
const scratch = `${built}.new`;

await rm(scratch, { recursive: true, force: true });
await mkdir(scratch, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { viewer: "source/main.tsx" },
  outdir: scratch,
  bundle: true,
  format: "esm",
  target: ["chrome115", "firefox120", "safari17"],
  minify: true,
  legalComments: "inline", // licences travel with what they are for
  logLevel: "warning",
});
await cp(join(here, "page"), scratch, { recursive: true });
await rm(built, { recursive: true, force: true });
await rename(scratch, built);
