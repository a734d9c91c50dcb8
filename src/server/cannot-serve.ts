/** What a person can put right: a flag, a file, a port. The message says what, for a person. */
export class CannotServe extends Error {}
