/** As much of XML as Azure's answers are written in: elements, attributes and text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Of its own, not of its children. */
  readonly text: string;
}

const token =
  /<\?[^>]*\?>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/** The root; undefined where it is not one whole element. Comments, CDATA and document types are of others. */
export function readXml(xml: string): XmlElement | undefined {
  const text = xml.replace(/^\uFEFF/, '');
  const top: Open = { name: '', attributes: new Map(), children: [], text: '' };
  const open: Open[] = [top];
  token.lastIndex = 0;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    const found = token.exec(text);
    const inside = open.at(-1);
    if (found === null || inside === undefined) {
      return undefined;
    }
    const [whole, closing, name, attributes = '', alone, words] = found;
    if (words !== undefined) {
      inside.text += unescaped(words);
    } else if (name === undefined) {
      if (open.length > 1 || !whole.startsWith('<?xml')) return undefined;
    } else if (closing === '/') {
      if (inside.name !== name || open.length === 1) return undefined;
      open.pop();
    } else {
      const element = { name, attributes: attributesOf(attributes), children: [], text: '' };
      inside.children.push(element);
      if (alone === '') open.push(element);
    }
  }
  return open.length === 1 && top.children.length === 1 && top.text.trim() === '' ? top.children[0] : undefined;
}

interface Open extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

export function childText(element: XmlElement | undefined, name: string): string | undefined {
  return child(element, name)?.text;
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map([...pairs].map(([, name = '', double, single]) => [name, unescaped(double ?? single ?? '')]));
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([0-9A-Fa-f]{1,6})|#(\d{1,7})|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return name === undefined ? (code <= 0x10ffff ? String.fromCodePoint(code) : whole) : (named[name] ?? whole);
    },
  );
}
