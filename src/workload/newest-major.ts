/**
 * The newest major version of PostgreSQL that the agent can look after: of its image's client programs (POSTGRES_MAJOR in the
 * Dockerfile), which work with no server that is newer, and of the control files that it can read.
 */
export const newestMajor = 19;
