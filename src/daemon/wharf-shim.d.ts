/** The compiled supervisor, embedded by the bundler; the import gives its path. */
declare module "*/wharf-shim" {
  const path: string;
  export default path;
}
