import { isAlias, isNode, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import type { TextEdit } from './text-edit.ts';

/** The edits, which change a node that has this anchor. */
export function changingAnchor(
  edits: readonly TextEdit[] | undefined,
  anchor: string,
): readonly TextEdit[] | undefined {
  return edits?.map((edit) => ({ ...edit, anchors: [...(edit.anchors ?? []), anchor] }));
}

/** The anchors of a node and of what is in it, which go where the node is written anew or taken out. */
export function anchorsIn(node: unknown): readonly string[] {
  const anchors: string[] = [];
  if (!isNode(node)) return anchors;
  visit(node, {
    Node(_, inner) {
      if (!isAlias(inner) && inner.anchor !== undefined) anchors.push(inner.anchor);
    },
  });
  return anchors;
}

/** The anchors that edits change. A change would show up wherever their aliases stand, so those have to be written out. */
export function editedAnchors(edits: readonly TextEdit[]): ReadonlySet<string> {
  return new Set(edits.flatMap(({ anchors = [] }) => anchors));
}

/** The node is, or holds, an alias of one of the anchors. */
export function holdsAlias(node: Node, anchors: ReadonlySet<string>): boolean {
  let holds = false;
  visit(node, {
    Alias(_, alias) {
      if (!anchors.has(alias.source)) return undefined;
      holds = true;
      return visit.BREAK;
    },
  });
  return holds;
}

/** How often each alias stands in a document. */
export function aliasCounts(document: Document): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  visit(document, {
    Alias(_, { source }) {
      counts.set(source, (counts.get(source) ?? 0) + 1);
    },
  });
  return counts;
}
