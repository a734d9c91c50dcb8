import type { Outcome } from './admission.ts';

export interface KnownAnswer {
  readonly outcome: Outcome;
  /** The answer's text behind the uid, see response.ts. */
  readonly rest: string;
}

/** Characters of answers, of which a managed set has some ten thousand. */
const mostCharacters = 4 * 1024 * 1024;
const mostAnswers = 256;
/** A power of two. */
const askedPlaces = 4096;

/**
 * Answers by their question (question.ts). Most reviews ask what was asked before: GitOps tools try the same object out every few minutes,
 * and the apiserver asks again when another webhook changed something of its own. The answer is a pure function of the question, so one
 * that is known need not be worked out again. What was asked for longest ago is forgotten first.
 *
 * An answer is kept when its question comes for the second time. What is kept moves through the collector's generations, which costs
 * a fifth of working the answer out, and nobody would ask again for most of a thousand sets that are made in a row.
 */
export class AnswerMemory {
  readonly #answers = new Map<string, KnownAnswer>();
  /** Fingerprints of the last questions, each at the place that it gives itself. A wrong guess keeps an answer too early, no more. */
  readonly #asked = new Int32Array(askedPlaces);
  #characters = 0;

  recall(question: string): KnownAnswer | undefined {
    const answer = this.#answers.get(question);
    if (answer === undefined) return undefined;
    this.#answers.delete(question);
    this.#answers.set(question, answer);
    return answer;
  }

  keep(question: string, answer: KnownAnswer): void {
    const size = answer.rest.length;
    // One that is huge would push out everything else.
    if (size > mostCharacters / 16 || !this.#wasAsked(question)) return;
    this.#forget(question);
    this.#answers.set(question, answer);
    this.#characters += size;
    for (const oldest of this.#answers.keys()) {
      if (this.#characters <= mostCharacters && this.#answers.size <= mostAnswers) return;
      this.#forget(oldest);
    }
  }

  /** Characters that are held. */
  get size(): number {
    return this.#characters;
  }

  /** Whether it was, and that it is now. */
  #wasAsked(question: string): boolean {
    const print = fingerprint(question);
    const place = print & (askedPlaces - 1);
    const was = this.#asked[place] === print;
    this.#asked[place] = print;
    return was;
  }

  #forget(question: string): void {
    const answer = this.#answers.get(question);
    if (answer === undefined) return;
    this.#answers.delete(question);
    this.#characters -= answer.rest.length;
  }
}

/** The first 32 bits of the question, which is a hash already. */
function fingerprint(question: string): number {
  let print = 0;
  for (let index = 0; index < 4; index += 1) print = (print << 8) | question.charCodeAt(index);
  return print;
}
