import { bitnamiFrozen } from './bitnami-frozen.ts';
import { containerNotFound } from './container-not-found.ts';
import { imageCommandUnknown } from './image-command-unknown.ts';
import { imageDigestOnly } from './image-digest-only.ts';
import { imageEol } from './image-eol.ts';
import { imageFamilySwitch } from './image-family-switch.ts';
import { imageLatest } from './image-latest.ts';
import { imageMajorDowngrade } from './image-major-downgrade.ts';
import { imageMajorOnly } from './image-major-only.ts';
import { imageMajorUpgrade } from './image-major-upgrade.ts';
import { imageMinorDowngrade } from './image-minor-downgrade.ts';
import { imageNewerThanAgent } from './image-newer-than-agent.ts';
import { imageOsSwitch } from './image-os-switch.ts';
import { imagePrerelease } from './image-prerelease.ts';
import { imageUnknown } from './image-unknown.ts';
import { leftAloneImage } from './left-alone-image.ts';
import { pgcontainerAmbiguous } from './pgcontainer-ambiguous.ts';
import { versionContradictsImage } from './version-contradicts-image.ts';
import type { Check } from '../check.ts';

/** Image, in the order in which findings are told. */
export const imageChecks = [
  pgcontainerAmbiguous,
  containerNotFound,
  imageUnknown,
  imageCommandUnknown,
  versionContradictsImage,
  imageLatest,
  imageDigestOnly,
  imageMajorOnly,
  imagePrerelease,
  imageMajorUpgrade,
  imageMajorDowngrade,
  imageMinorDowngrade,
  imageOsSwitch,
  imageFamilySwitch,
  imageEol,
  imageNewerThanAgent,
  bitnamiFrozen,
  leftAloneImage,
] as const satisfies readonly Check[];
