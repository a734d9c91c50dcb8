import type { Injection } from './injection.ts';
import { addedArguments, takesArguments } from './server-arguments.ts';

export const serverParameters: Injection = {
  id: 'server-parameters',
  summary: 'Server settings as -c arguments, where the user has not set them',

  contribute(context) {
    if (!takesArguments(context.server)) {
      const consequence = context.settings.parameters.length === 0 ? '' : ', so postgres.io/parameters has no effect';
      return { skipped: `the container is started by a program that takes no arguments for the server${consequence}` };
    }
    const args = addedArguments(context);
    if (args.length === 0) return { skipped: 'every setting that would be added is set already' };
    const written = context.parameters.map(([name, value]) => `${name}=${value}`);
    return { server: { args }, reason: written.join(', ') };
  },
};
