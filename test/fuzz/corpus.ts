/** Texts that once were findings, by target; the regression test reads each of them. */
export const CORPUS: Readonly<Record<string, readonly string[]>> = {
  mirror: ["http://mirror.example:#", "http://mirror.example?", "http://10.0.0.1:500\u0019"],
  uploadLocation: ["http://registry.example/v2e/v2/x", "http://registry.example//other.example/x"],
};
