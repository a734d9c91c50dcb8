import { isAlias, isMap, isSeq, Scalar } from 'yaml';
import type {
  CreateNodeOptions,
  DocumentOptions,
  ParseOptions,
  ScalarTag,
  SchemaOptions,
  Tags,
  ToStringOptions,
  YAMLMap,
} from 'yaml';
import type { Json } from '../workload/json.ts';
import { isObject } from '../workload/json.ts';

/**
 * Tags that the YAML reader of kubectl does not know (it keeps such values as text): base-60 numbers, and the
 * collections of YAML 1.1. Octal `0644` and `on`/`off` it does read as a number and booleans.
 */
const unknownToKubectl = /:(binary|omap|pairs|set|timestamp)$/;

const tagPrefix = 'tag:yaml.org,2002:';

/** Plain text that is a float (resolve.go in go.yaml.in/yaml/v2): there are digits before an exponent, so that `e2` and `.` are text. */
const float = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?$/;

/** In the place of YAML 1.1's own. What is too large for a float stays text. */
const floatOfKubectl: ScalarTag = {
  tag: `${tagPrefix}float`,
  default: true,
  test: float,
  resolve: (text) => {
    const value = Number(text.replaceAll('_', ''));
    return Number.isFinite(value) ? value : text;
  },
};

/** `0o644`, `0B101`, `0X1F`: Go's strconv.ParseInt takes them, whatever the case. */
const prefixedInteger: ScalarTag = {
  tag: `${tagPrefix}int`,
  default: true,
  test: /^[-+]?0(?:[oO][0-7_]*[0-7]|B[01_]*[01]|[xX][0-9a-fA-F_]*[0-9a-fA-F])_*$/,
  resolve: (text) => {
    const digits = text.replace(/^[-+]/, '').replaceAll('_', '').toLowerCase();
    return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
  },
};

/** Written out as tags they are text to kubectl, that of the first decoded. */
const binary: ScalarTag = {
  tag: `${tagPrefix}binary`,
  default: false,
  resolve: (text, onError) => {
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[\r\n]/g, '')))
      onError('!!binary holds no base64');
    return Buffer.from(text, 'base64').toString();
  },
};
const timestamp: ScalarTag = { tag: `${tagPrefix}timestamp`, default: false, resolve: (text) => text };

/**
 * `<<` is done where it stands, as in go.yaml.in/yaml/v2: it overrides the keys before it and is overridden by those behind. YAML's own
 * rule, that keys of the mapping always win, is the library's.
 */
const mergeInPlace = {
  identify: (value: unknown) => value === '<<' || (typeof value === 'symbol' && value.description === '<<'),
  default: 'key' as const,
  tag: `${tagPrefix}merge`,
  test: /^<<$/,
  resolve: () => Object.assign(new Scalar(Symbol('<<')), { addToJSMap: mergeInto }),
  stringify: () => '<<',
};

function mergeInto(context: MergeContext | undefined, map: unknown, value: unknown): void {
  const resolved = (node: unknown): unknown =>
    isAlias(node) && context !== undefined ? node.resolve(context.doc, context) : node;
  const source = resolved(value);
  // Of several the first counts.
  const sources = isSeq(source) ? source.items.map(resolved).toReversed() : [source];
  for (const one of sources) {
    if (!isMap(one)) throw new Error('Merge sources must be maps or map aliases');
    const pairs: unknown = one.toJSON(null, context, Map);
    if (!(pairs instanceof Map)) continue;
    for (const [key, item] of pairs) {
      if (map instanceof Map) map.set(key, item);
      else if (typeof map === 'object' && map !== null)
        Object.defineProperty(map, String(key), { value: item, writable: true, enumerable: true, configurable: true });
    }
  }
}

/** What the library hands to whoever makes JavaScript of a node. */
type MergeContext = NonNullable<Parameters<YAMLMap['toJSON']>[1]>;

function tagsOfKubectl(tags: Tags): Tags {
  const known = tags.filter(
    (tag) =>
      typeof tag === 'string' ||
      (!unknownToKubectl.test(tag.tag) && tag.format !== 'TIME' && tag.format !== 'HEX' && !isPlainFloat(tag)),
  );
  return [...known.filter(isNoMerge), mergeInPlace, prefixedInteger, floatOfKubectl, binary, timestamp];
}

function isNoMerge(tag: Tags[number]): boolean {
  return typeof tag === 'string' ? tag !== 'merge' : tag.tag !== mergeInPlace.tag;
}

/** Floats with digits; `.inf` and `.nan` are others. */
function isPlainFloat(tag: Exclude<Tags[number], string>): boolean {
  return tag.tag === floatOfKubectl.tag && 'test' in tag && (tag.format === 'EXP' || tag.test.test('1.5'));
}

/** How kubectl reads a manifest: YAML 1.1, with integers of any size. `compat` quotes what YAML 1.2 would misread. */
export const readOptions: ParseOptions & DocumentOptions & SchemaOptions & CreateNodeOptions = {
  schema: 'yaml-1.1',
  customTags: tagsOfKubectl,
  merge: true,
  compat: 'core',
  intAsBigInt: true,
  keepSourceTokens: true,
  aliasDuplicateObjects: false,
};

/** Long lines stay whole, and text of several lines is printed as it is (`|`), since people read it in `kubectl get -o yaml`. */
export const writeOptions: ToStringOptions = { lineWidth: 0, blockQuote: 'literal' };

/** What the YAML library gives as JavaScript → JSON; integers that a JavaScript number cannot hold stay as written. */
export function jsonFromYaml(value: unknown): Json {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : JSON.rawJSON(value.toString());
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`${value} is not a number that JSON has`);
    return value;
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(jsonFromYaml);
  if (typeof value === 'object' && value !== null) {
    // fromEntries defines own properties, so a key named __proto__ is a key like any other.
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonFromYaml(item)]));
  }
  return null;
}

/** JSON → what the YAML library writes: raw integers become bigints. */
export function yamlFromJson(value: Json | undefined): unknown {
  if (JSON.isRawJSON(value)) {
    return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON) : Number(value.rawJSON);
  }
  if (Array.isArray(value)) return value.map(yamlFromJson);
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, yamlFromJson(item)]));
  }
  return value;
}
