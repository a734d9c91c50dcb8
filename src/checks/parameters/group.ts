import { allowSystemTableMods } from './allow-system-table-mods.ts';
import { archiveArgsConflict } from './archive-args-conflict.ts';
import { configFileUnread } from './config-file-unread.ts';
import { connectionsVsMemory } from './connections-vs-memory.ts';
import { dataDirectoryArg } from './data-directory-arg.ts';
import { dataSyncRetryOn } from './data-sync-retry-on.ts';
import { fsyncOff } from './fsync-off.ts';
import { fullPageWritesOff } from './full-page-writes-off.ts';
import { hugepagesUnmatched } from './hugepages-unmatched.ts';
import { ignoreSystemIndexes } from './ignore-system-indexes.ts';
import { ioMethodUring } from './io-method-uring.ts';
import { listenLocalhost } from './listen-localhost.ts';
import { loggingCollectorOn } from './logging-collector-on.ts';
import { parameterUnknown } from './parameter-unknown.ts';
import { parameterUnreadable } from './parameter-unreadable.ts';
import { preloadOverridden } from './preload-overridden.ts';
import { sharedBuffersVsMemory } from './shared-buffers-vs-memory.ts';
import { shmDefault } from './shm-default.ts';
import { syncCommitOff } from './sync-commit-off.ts';
import { timeZoneMissing } from './time-zone-missing.ts';
import { walLevelMinimal } from './wal-level-minimal.ts';
import { zeroDamagedPages } from './zero-damaged-pages.ts';
import type { Check } from '../check.ts';

/** Server parameters, in the order in which findings are told. */
export const parametersChecks = [
  dataDirectoryArg,
  configFileUnread,
  parameterUnknown,
  parameterUnreadable,
  fsyncOff,
  fullPageWritesOff,
  dataSyncRetryOn,
  zeroDamagedPages,
  ignoreSystemIndexes,
  allowSystemTableMods,
  syncCommitOff,
  walLevelMinimal,
  archiveArgsConflict,
  listenLocalhost,
  preloadOverridden,
  hugepagesUnmatched,
  ioMethodUring,
  sharedBuffersVsMemory,
  connectionsVsMemory,
  shmDefault,
  loggingCollectorOn,
  timeZoneMissing,
] as const satisfies readonly Check[];
