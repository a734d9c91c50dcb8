import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { certificateModes, components } from '../manifests/components.ts';
import { version } from '../version.ts';
import {
  certificatesHelp,
  checkHelp,
  configHelp,
  doctorHelp,
  drillHelp,
  injectHelp,
  logsHelp,
  programHelp,
  rolesHelp,
  setCommandHelp,
  statusHelp,
} from './help-text.ts';
import { UsageError } from './exit-code.ts';
import type { CertificateOptions } from './certificate-origin.ts';
import type { CertificatesOptions } from './certificates.ts';
import type { ClusterOptions } from './cluster-options.ts';
import type { DoctorOptions } from './doctor.ts';
import type { DrillOptions } from './drill.ts';
import type { DumpOptions, DumpsOptions } from './dump.ts';
import type { InstallOptions } from './install.ts';
import type { ListOptions } from './list.ts';
import type { LogsOptions } from './logs.ts';
import type { ManifestOptions } from './manifest-options.ts';
import type { CheckOptions } from './check.ts';
import type { PromoteOptions } from './promote.ts';
import type { RebuildOptions } from './rebuild.ts';
import type { RolesOptions } from './roles.ts';
import type { StatusOptions } from './status.ts';
import type { Terminal } from './terminal.ts';
import type { UninjectOptions } from './uninject.ts';

/**
 * Every command with its options. Each is loaded when it is asked for, so that `inject` does not wait for the web server;
 * `finish` gets its exit code.
 */
export function commandLine(to: Terminal, finish: (code: number) => void): Command {
  const program = new Command('pgusher')
    .description('Ushers plain Postgres StatefulSets into safety: what the admission webhook does, on your files.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(pgusher --help shows what there is)')
    .addHelpText('after', programHelp);

  manifestCommand(program, 'inject', 'print manifests as the webhook would store them')
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['yaml', 'json', 'patch']).default('yaml'))
    .addHelpText('after', injectHelp)
    .action(async (files: readonly string[], options: ManifestOptions & { output: 'yaml' | 'json' | 'patch' }) => {
      finish(await (await import('./inject.ts')).inject(withFiles(options, files), to));
    });

  fileCommand(program, 'uninject', 'print manifests as they would be without pgusher')
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['yaml', 'json']).default('yaml'))
    .option(
      '--keep-claims',
      'for a StatefulSet that exists: keep its claim template for backups, and PGDATA where its database is',
      false,
    )
    .action(async (files: readonly string[], options: UninjectOptions) => {
      finish(await (await import('./uninject.ts')).uninject(withFiles(options, files), to));
    });

  manifestCommand(program, 'check', 'say what the webhook would refuse or warn about')
    .addOption(
      new Option('--format <form>', 'how to say it').choices(['text', 'json', 'sarif', 'github']).default('text'),
    )
    .option(
      '--cluster',
      'also ask the current cluster what else there is: claims, classes, Services, names of Secrets …',
      false,
    )
    .option('--allow-empty', 'files without any Kubernetes object are fine, as a commit hook needs it', false)
    .addHelpText('after', checkHelp)
    .action(async (files: readonly string[], options: CheckOptions) => {
      finish(await (await import('./check.ts')).check(withFiles(options, files), to));
    });

  manifestCommand(program, 'diff', 'show what inject would change, line by line').action(
    async (files: readonly string[], options: ManifestOptions) => {
      finish(await (await import('./diff.ts')).diff(withFiles(options, files), to));
    },
  );

  manifestCommand(
    program,
    'explain',
    'show how a StatefulSet is understood: the Postgres in it, each setting and its origin, what is injected and why',
  ).action(async (files: readonly string[], options: ManifestOptions) => {
    finish(await (await import('./explain.ts')).explain(withFiles(options, files), to));
  });

  program
    .command('review')
    .description('answer an AdmissionReview as the webhook would')
    .addOption(
      new Option('--webhook <webhook>', 'which of the two answers')
        .choices(['mutate', 'validate'])
        .makeOptionMandatory(),
    )
    .argument('[file]', 'the same as -f', notEmpty)
    .addOption(
      new Option('-f, --filename <file>', 'the review, JSON or YAML; - for standard input')
        .argParser(append)
        .default([], 'standard input'),
    )
    .addOption(configOption())
    .action(async (file: string | undefined, options: ManifestOptions & { webhook: 'mutate' | 'validate' }) => {
      const [filename = '-', ...more] = [...options.filename, ...(file === undefined ? [] : [file])];
      if (more.length > 0) throw new UsageError(`One review at a time; named are ${[filename, ...more].join(', ')}.`);
      finish(await (await import('./review.ts')).review({ ...options, filename }, to));
    });

  clusterCommand(program, 'promote')
    .description('make a standby of a set the primary, and write down which one it is')
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'the standby; the one that has received most without', notEmpty)
    .option('--dry-run', 'say each step, do none', false)
    .option('--fence', 'stop a primary that still takes writes, and keep it from taking any', false)
    .option(
      '--record <pod>',
      'promote nobody: write down that this pod is primary, after a promotion by hand',
      notEmpty,
    )
    .action(async (set: string, pod: string | undefined, options: PromoteOptions) => {
      finish(await (await import('./promote.ts')).promote(set, pod, options, to));
    });

  clusterCommand(program, 'drill')
    .description(
      'restore the newest backup and its WAL into a throw-away pod, start a server on it and read every table',
    )
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'the pod whose backups are tried; the primary without', notEmpty)
    .addOption(
      new Option('--compare <table>', 'compare its number of rows with that of now; may be given several times')
        .argParser(append)
        .default([], 'none'),
    )
    .option(
      '--within <minutes>',
      'what takes longer has failed, and is ended by the kubelet',
      wholeNumberOf('minutes'),
      360,
    )
    .option('--json', 'the findings as JSON', false)
    .option(
      '--cronjob',
      'try nothing: print the CronJob that does it on the schedule of postgres.io/backup-drill',
      false,
    )
    .option('--image <image>', 'of pgusher, for --cronjob', notEmpty, `ghcr.io/pgusher/pgusher:${version}`)
    .addHelpText('after', drillHelp)
    .action(async (set: string, pod: string | undefined, options: DrillOptions) => {
      finish(await (await import('./drill.ts')).drill(set, pod, options, to));
    });

  clusterCommand(program, 'rebuild')
    .description('make an old primary, or a standby that can never stream again, a standby anew: a copy of the primary')
    .argument('<pod>', 'the pod; its old data is kept until the copy streams', notEmpty)
    .option('--dry-run', 'look, say each step, do none', false)
    .option('--discard', 'where there is no room for both: remove the old data before the copy is there', false)
    .action(async (pod: string, options: RebuildOptions) => {
      finish(await (await import('./rebuild.ts')).rebuild(pod, options, to));
    });

  program
    .command('serve')
    .description('run the webhook')
    .requiredOption('--listen <host:port>', 'where to listen, such as 0.0.0.0:10250')
    .option('--built-in-certificates <service.namespace>', 'make and renew the certificates of this Service here')
    .option('--leaf-life <duration>', 'how long those are good, such as 30d; renewed after two thirds', duration)
    .option('--authority-life <duration>', 'the same of the authority that signs them, such as 730d', duration)
    .option('--certificate <file>', 'certificate chain, PEM; read again when it changes')
    .option('--key <file>', 'its private key, PEM')
    .option('--ca <file>', 'the CA that the apiserver was given: readiness then checks the whole chain')
    .option('--kubeconfig <file>', 'watch a cluster from outside')
    .option('--page <host:port>', 'a page for people, over plain HTTP, such as 127.0.0.1:8433; none without')
    .addOption(configOption())
    .action(async (options: ServeCommandOptions) => {
      const { serveUntilSignal } = await import('./serve-until-signal.ts');
      const { certificateOrigin } = await import('./certificate-origin.ts');
      finish(
        await serveUntilSignal({ ...options, certificates: certificateOrigin(options) }, (line) => {
          to.report(`${line}\n`);
        }),
      );
    });

  clusterCommand(program, 'status')
    .description('every managed set of the current cluster: is it safe, what can be recovered, and what is wrong')
    .argument('[sets...]', 'names of StatefulSets; all without')
    .option('-A, --all-namespaces', 'of all namespaces', false)
    .option('--json', 'as JSON', false)
    .option('--watch [seconds]', 'look again and again', seconds)
    .addHelpText('after', statusHelp)
    .action(async (sets: readonly string[], options: StatusCommandOptions) => {
      const { watch, ...others } = options;
      const every = watch === true ? 5 : watch;
      const { status } = await import('./status.ts');
      finish(await status(sets, { ...others, ...(every === undefined ? {} : { watch: every }) }, to));
    });
  clusterCommand(program, 'roles')
    .description('which pod of each managed set takes writes, and which follow; --label writes it onto the pods')
    .argument('[sets...]', 'names of StatefulSets; all without')
    .option('-A, --all-namespaces', 'of all namespaces', false)
    .option('--label', 'write postgres.io/pod-role onto the pods, for Services that select by it', false)
    .option('--watch [seconds]', 'look again and again', seconds)
    .addHelpText('after', rolesHelp)
    .action(async (sets: readonly string[], options: RolesCommandOptions) => {
      const { watch, ...others } = options;
      const every = watch === true ? 2 : watch;
      const { roles } = await import('./roles.ts');
      finish(await roles(sets, { ...others, ...(every === undefined ? {} : { watch: every }) }, to));
    });
  clusterCommand(program, 'doctor')
    .description('what is wrong with the installation in the current cluster, and with each set; what to type')
    .option('--webhook-namespace <namespace>', "of the webhook's Service and Deployment", notEmpty, 'pgusher-system')
    .option('--webhook-name <name>', "of the webhook's Service and Deployment", notEmpty, 'pgusher')
    .option('--json', 'as JSON', false)
    .addHelpText('after', doctorHelp)
    .action(async (options: DoctorOptions) => {
      finish(await (await import('./doctor.ts')).doctor(options, to));
    });

  clusterCommand(program, 'certificates')
    .description("the webhook's certificates and who signs them; `certificates renew` and `certificates rotate`")
    .addArgument(
      new Argument('[do]', 'show them; renew those that are served; rotate the authority that signs them')
        .choices(['show', 'renew', 'rotate'])
        .default('show'),
    )
    .option('--webhook-namespace <namespace>', "of the webhook's Service and Deployment", notEmpty, 'pgusher-system')
    .option('--webhook-name <name>', "of the webhook's Service and Deployment", notEmpty, 'pgusher')
    .option('--json', 'show them as JSON', false)
    .addHelpText('after', certificatesHelp)
    .action(async (what: 'show' | 'renew' | 'rotate', options: CertificatesOptions) => {
      finish(await (await import('./certificates.ts')).certificates(what, options, to));
    });

  clusterCommand(program, 'list')
    .description('the base backups of a set, and what can be recovered')
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'whose store; that of the pod that takes writes without', notEmpty)
    .option('--json', 'as JSON', false)
    .addHelpText('after', setCommandHelp)
    .action(async (set: string, pod: string | undefined, options: ListOptions) => {
      finish(await (await import('./list.ts')).list(set, pod, options, to));
    });

  const backup = program
    .command('backup')
    .description('base backups of a set that is running: `pgusher backup now SET`');
  clusterCommand(backup, 'now')
    .description('make a base backup at once, and wait until it is complete')
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'which pod; the one that takes writes without', notEmpty)
    .addHelpText('after', setCommandHelp)
    .action(async (set: string, pod: string | undefined, options: ClusterOptions) => {
      finish(await (await import('./backup-now.ts')).backupNow(set, pod, options, to));
    });

  clusterCommand(program, 'dump')
    .description('dump each database of a set at once, into its place for backups, and wait until that is complete')
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'which pod; the one that takes writes without', notEmpty)
    .addOption(
      new Option('--database <name>', 'only this one; may be given several times').argParser(append).default([], 'all'),
    )
    .option('--cronjob', 'dump nothing: print a CronJob that does it, onto a claim of its own', false)
    .option('--claim <name>', 'for --cronjob; SET-dumps without', notEmpty)
    .option('--storage <size>', 'for --cronjob: print the claim too, where it is not there', notEmpty)
    .option('--storage-class <name>', 'of that claim', notEmpty)
    .option('--schedule <cron>', 'for --cronjob; that of postgres.io/dump-schedule without, or daily', notEmpty)
    .option('--host <name>', 'for --cronjob: the Service that leads to the primary, for several pods', notEmpty)
    .option('--image <image>', 'for --cronjob: of the agent; that of the pods without', notEmpty)
    .option(
      '--within <minutes>',
      'for --cronjob: what takes longer is ended by the kubelet',
      wholeNumberOf('minutes'),
      360,
    )
    .addHelpText('after', setCommandHelp)
    .action(async (set: string, pod: string | undefined, options: DumpOptions) => {
      finish(await (await import('./dump.ts')).dump(set, pod, options, to));
    });

  clusterCommand(program, 'dumps')
    .description('the dumps of a set')
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'whose store; that of the pod that takes writes without', notEmpty)
    .option('--json', 'as JSON', false)
    .addHelpText('after', setCommandHelp)
    .action(async (set: string, pod: string | undefined, options: DumpsOptions) => {
      finish(await (await import('./dump.ts')).dumps(set, pod, options, to));
    });

  clusterCommand(program, 'logs')
    .description('what the server and the containers of pgusher wrote, of all pods, in the order of time')
    .argument('<set>', 'name of the StatefulSet', notEmpty)
    .argument('[pod]', 'one pod; all without', notEmpty)
    .option('-f, --follow', 'go on until it is interrupted, with containers and pods that start later', false)
    .option('--since <duration>', 'what is newer than this: 30s, 10m, 2h, 1d', duration)
    .option('--tail <lines>', 'the last lines of each container; 200 without --since', wholeNumberOf('lines'))
    .addHelpText('after', logsHelp)
    .action(async (set: string, pod: string | undefined, options: LogsOptions) => {
      finish(await (await import('./logs.ts')).logs(set, pod, options, to));
    });

  program
    .command('install')
    .description('print what installs the webhook: pgusher install | kubectl apply -f -')
    .option('--image <image>', 'of the webhook', notEmpty)
    .option('--agent-image <image>', 'of what is injected, as a setting of the whole cluster', notEmpty)
    .option('--replicas <number>', 'pods of the webhook', wholeNumberOf('pods'))
    .option('--config <file>', 'config file of the webhook (pgusher config schema)', notEmpty)
    .option('--not-in <namespace>', 'a namespace that is not looked at; may be given several times', append, [])
    .option(
      '--fail-open',
      'admit labelled sets without the webhook while it is away: docs/install.md has the price',
      false,
    )
    .addOption(
      new Option('--certificates <mode>', 'where the certificate of the webhook comes from')
        .choices(Object.keys(certificateModes))
        .default('built-in'),
    )
    .addOption(
      new Option('--with <component...>', 'of manifests/components, with what each gives and takes')
        .choices(components)
        .default([], 'none'),
    )
    .action(async (options: InstallOptions) => {
      finish(await (await import('./install.ts')).install(options, to));
    });

  const config = program.command('config').description('the config file of the webhook: `pgusher config check FILE`');
  config
    .command('check')
    .description('say whether the webhook would take it; if not, each fault with its place')
    .argument('<file>', 'the file, or the manifest of the ConfigMap that has it; - for standard input', notEmpty)
    .addHelpText('after', configHelp)
    .action(async (file: string) => {
      finish(await (await import('./config-check.ts')).configCheck(file, to));
    });
  config
    .command('schema')
    .description('print the JSON Schema of the config file, or of the annotations, for an editor')
    .addArgument(new Argument('[of]', 'of what').choices(['config', 'annotations']).default('config'))
    .action(async (of: 'config' | 'annotations') => {
      finish(await (await import('./config-schema.ts')).configSchema(of, to));
    });

  program
    .command('completion')
    .description('print what makes a shell complete commands and options: source <(pgusher completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh']))
    .action(async (shell: 'bash' | 'zsh') => {
      to.out((await import('./completion.ts')).completionScript(program, shell));
    });

  // Only here, not in the commands: of an option in front of the command's name nothing else says what is wrong.
  return program.configureOutput({
    outputError: (text, write) => {
      write(
        text.startsWith('error: unknown option')
          ? `${text}(options come after the command: pgusher check -f FILE)\n`
          : text,
      );
    },
  });
}

interface ServeCommandOptions extends CertificateOptions {
  readonly listen: string;
  readonly ca?: string;
  readonly config?: string;
  readonly kubeconfig?: string;
  readonly page?: string;
}

type StatusCommandOptions = Omit<StatusOptions, 'watch'> & { readonly watch?: number | true };
type RolesCommandOptions = Omit<RolesOptions, 'watch'> & { readonly watch?: number | true };

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1) throw new InvalidArgumentError('Wanted a number of seconds, at least 1.');
  return value;
}

/** `what` in the plural. */
function wholeNumberOf(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1)
      throw new InvalidArgumentError(`Wanted a number of ${what}, at least 1.`);
    return value;
  };
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

function duration(text: string): number {
  const [, value, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const length = Number(value) * unitSeconds[(unit ?? 's') as keyof typeof unitSeconds];
  if (!(length >= 1)) throw new InvalidArgumentError('Wanted a number with s, m, h or d behind it, such as 10m.');
  return length;
}

/** A command that asks a cluster, with the person's own rights. */
function clusterCommand(parent: Command, name: string): Command {
  return parent
    .command(name)
    .option('-n, --namespace <namespace>', 'another namespace than that of the context', notEmpty)
    .option('--context <name>', 'another context of the kubeconfig than the current one', notEmpty)
    .option('--kubeconfig <file>', 'another kubeconfig than kubectl would take', notEmpty);
}

/** A command that reads manifests and decides about them. */
function manifestCommand(program: Command, name: string, description: string): Command {
  return fileCommand(program, name, description)
    .option('-n, --namespace <namespace>', 'namespace of objects that name none', notEmpty, 'default')
    .addOption(configOption());
}

/** A command that reads manifests. */
function fileCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('[files...]', 'the same as -f for each', append)
    .addOption(
      new Option('-f, --filename <file>', 'manifest, directory of manifests, or - for standard input; may be repeated')
        .argParser(append)
        .default([], 'standard input'),
    );
}

/** People write `check db.yaml` as well as `check -f db.yaml`. */
function withFiles<T extends { readonly filename: readonly string[] }>(options: T, files: readonly string[]): T {
  return { ...options, filename: [...options.filename, ...files] };
}

function append(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, notEmpty(text)];
}

function configOption(): Option {
  return new Option('--config <file>', 'cluster config file: settings, modes of checks, exemptions').argParser(
    notEmpty,
  );
}

function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}
