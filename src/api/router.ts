/**
 * From method and path to a route, by walking the path's segments. Literal segments win over `{id}`, which takes one
 * segment, and that wins over `{name...}`, which takes as many as leave room for what follows it: names of images hold
 * slashes.
 */
export interface RoutePattern {
  readonly method: string;
  /** "/images/{name...}/json" */
  readonly path: string;
}

export interface RouteMatch<R> {
  readonly route: R;
  readonly params: Readonly<Record<string, string>>;
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>;
  readonly routes: Map<string, R>;
  one: { readonly name: string; readonly node: Node<R> } | undefined;
  many: { readonly name: string; readonly node: Node<R> } | undefined;
}

export class Router<R extends RoutePattern> {
  readonly #root = newNode<R>();

  constructor(routes: readonly R[]) {
    for (const route of routes) this.#add(route);
  }

  /** @param path decoded, beginning with "/" */
  find(method: string, path: string): RouteMatch<R> | undefined {
    return match(this.#root, method, segmentsOf(path), 0);
  }

  #add(route: R): void {
    let node = this.#root;
    for (const segment of segmentsOf(route.path)) node = childFor(node, segment);
    node.routes.set(route.method, route);
  }
}

function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

function newNode<R>(): Node<R> {
  return { literals: new Map(), routes: new Map(), one: undefined, many: undefined };
}

function childFor<R>(node: Node<R>, segment: string): Node<R> {
  const parameter = /^\{(\w+)(\.\.\.)?\}$/.exec(segment);
  if (!parameter) {
    const known = node.literals.get(segment) ?? newNode<R>();
    node.literals.set(segment, known);
    return known;
  }
  const kind = parameter[2] ? "many" : "one";
  node[kind] ??= { name: parameter[1]!, node: newNode<R>() };
  return node[kind].node;
}

function match<R>(
  node: Node<R>,
  method: string,
  segments: readonly string[],
  at: number,
): RouteMatch<R> | undefined {
  if (at === segments.length) {
    const route = node.routes.get(method);
    return route && { route, params: {} };
  }
  const literal = node.literals.get(segments[at]!);
  const found = literal && match(literal, method, segments, at + 1);
  if (found) return found;
  return (
    matchParameter(node.one, method, segments, at, at + 1) ??
    matchParameter(node.many, method, segments, at, segments.length)
  );
}

/** Tries the longest value first. */
function matchParameter<R>(
  parameter: Node<R>["one"],
  method: string,
  segments: readonly string[],
  at: number,
  longestEnd: number,
): RouteMatch<R> | undefined {
  for (let end = longestEnd; parameter && end > at; end--) {
    const found = match(parameter.node, method, segments, end);
    if (!found) continue;
    const value = segments.slice(at, end).join("/");
    if (value !== "") return { route: found.route, params: { [parameter.name]: value, ...found.params } };
  }
  return undefined;
}
