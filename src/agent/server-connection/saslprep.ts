/** Table C.1.2 of RFC 3454: spaces other than the one of ASCII. */
const otherSpaces = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu;
/** Table B.1: what is left out. */
const nothing = /\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu;

/**
 * The form of a password that SCRAM is about (SASLprep, RFC 4013) where it has one. PostgreSQL takes a password as it is
 * where it holds what SASLprep forbids: a letter that came after Unicode 3.2 (most emoji), a control character beside a
 * letter that is not ASCII, writing from right to left beside other writing (src/common/saslprep.c). Which one it takes
 * cannot be told without the tables of Unicode 3.2. The driver (pg) always takes this form.
 */
export function preparedPassword(password: string): string {
  return password.replace(otherSpaces, ' ').replace(nothing, '').normalize('NFKC');
}
