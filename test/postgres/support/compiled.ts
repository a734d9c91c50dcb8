import { ownedDirectory, serverOwner } from '../../support/postgres-server.ts';

/**
 * Run before each test file of ring 3. Its tests start the agent's programs from their sources hundreds of times, and reading a hundred files of
 * TypeScript is most of what such a start costs: with what the first one compiled it is a third
 * (https://nodejs.org/docs/latest-v24.x/api/module.html#module-compile-cache). Kept between runs; whose bytes changed is compiled anew.
 */
process.env['NODE_COMPILE_CACHE'] ??= ownedDirectory(`/tmp/pgusher-compiled-${serverOwner().uid}`);
