/** Below `pgusher --help`. */
export const programHelp = `
Examples:
  pgusher check -f postgres.yaml                        what would be refused, and what to write instead
  pgusher explain -f postgres.yaml                      how it is understood, and why each thing is injected
  pgusher diff -f manifests/                            what changes, line by line
  pgusher inject -f postgres.yaml | kubectl apply -f -  without a webhook in the cluster
  kubectl get statefulset db -o yaml | pgusher uninject --keep-claims
  pgusher install | kubectl apply -f -                  the webhook into the current cluster
  pgusher status -A                                     is every database of the cluster safe?
  pgusher doctor                                        what is wrong with the installation, and what to type
  pgusher list orders                                   its base backups, and what can be recovered
  pgusher backup now orders                             another one at once
  pgusher dump orders                                   each of its databases as pg_dump has it
  pgusher drill orders                                  can its newest backup be restored? tried in a throw-away pod
  pgusher logs orders --follow                          what all its pods write, in the order of time
  pgusher config check pgusher.yaml                     would the webhook take this config file?

Exit codes:
  0  fine, warnings included
  1  at least one object is refused, one set is not safe, doctor found a fault, the webhook would not take a config file, or a
     set was not told what to do: why is said
  2  the command line, or a file that it names, cannot be read; the cluster does not answer, or not to you
  3  a fault of pgusher itself

Results go to standard output, reports to standard error. Colours only on a terminal (NO_COLOR turns them off).`;

/** Below `pgusher inject --help`. */
export const injectHelp = `
Comments and every line that is not ours stay as they are; JSON stays JSON; an alias (*name) of what
is injected into is written out, and stays so; "# pgusher: was ~" says how a value was written, for
uninject. Objects without the label postgres.io/managed: "true" pass through byte for byte. Where any
object is refused, nothing is printed.
-o patch prints the RFC 6902 patch of the one managed StatefulSet.`;

/** Below `pgusher check --help`. */
export const checkHelp = `
--format json prints one entry per object:
  [{"file", "document" (from 1), "kind", "namespace", "name",
    "findings": [{"check", "severity", "field", "line", "column", "message"}]}]
severity is "deny" or "warn"; only "deny" makes the exit code 1. line and column are those of the field in the
file, or of the nearest thing around it that is written.
Other objects in all that is named count too: the claim, Service, ConfigMap or Secret of a StatefulSet. So name the folder, not the
one file. What is in no file is unknown and not complained of; with --cluster the current cluster is asked, with your own rights. Of Secrets
only names are asked for.
--format sarif prints a SARIF 2.1.0 log for code scanning, --format github workflow commands of GitHub Actions.`;

/** Below `pgusher config check --help`. */
export const configHelp = `
A line for each fault: FILE:LINE:COLUMN, which field, what was seen, what is wanted. Exemptions that have ended are warnings.

Exit codes: 0 the webhook would take it, warnings included; 1 it would not, and goes on with what it has; 2 the file cannot be read.`;

/** Below `pgusher status --help`. */
export const statusHelp = `
Reads the StatefulSets with your own rights, and asks the agent in each of their pods through the apiserver
(\`get\` of pods/proxy). Nothing is changed. Safe means: a pod takes writes, all pods are Ready, and a volume that
is lost now comes back with everything up to a second ago. Stale: another version of pgusher rendered the pod.

Exit codes: 0 every set is safe; 1 one is not; 2 the cluster could not be asked, or has no such set.`;

/** Below `pgusher drill --help`. */
export const drillHelp = `
The set, its pods and its claims are only read. The drill has claims of its own of the same size, which go with its pod; it is below
no Service, archives nothing, subscribes to nothing and runs no job of pg_cron. Ctrl-C removes it first. Its pod is named SET-drill-0.
Needs the rights that a person has who may make pods: \`get\` and \`create\` of statefulsets (asked in a dry run), pods, pods/exec and
persistentvolumeclaims.

Exit codes: 0 it was restored, and every table was read; 1 not, and why; 2 the cluster could not be asked, or has no such set.`;

/** Below the `--help` of `pgusher list`, `backup now`, `dump` and `dumps`. */
export const setCommandHelp = `
Runs the command of the agent in container pgusher-backup, with your own rights: \`get\` of the StatefulSet, \`list\` of
pods, \`get\` and \`create\` of pods/exec.

Exit codes: 0 done; 1 not done, and why; 2 the cluster could not be asked, or has no such set.`;

/** Below `pgusher logs --help`. */
export const logsHelp = `
Containers: the server, pgusher-restore (what was decided at the start), pgusher-initdb, pgusher-backup. Where one crashed and
runs again, the log of the one before comes too, as "(before)". Your rights: \`get\` of the StatefulSet, \`list\` of pods,
\`get\` of pods/log.

Exit codes: 0 shown; 1 nothing has run yet; 2 the cluster could not be asked, or has no such set.`;

/** Below `pgusher roles --help`. */
export const rolesHelp = `
Asks the agent in each pod through the apiserver, with your own rights: \`list\` of StatefulSets and pods, \`get\` of pods/proxy; with
--label \`patch\` of pods. A pod that does not answer keeps its label as long as nobody else takes writes; two that take writes on one
timeline both lose it. manifests/components/pod-roles runs it in the cluster.

Exit codes: 0 each pod is one or the other; 1 one is not; 2 the cluster could not be asked, or has no such set.`;

/** Below `pgusher doctor --help`. */
export const doctorHelp = `
Looks, in the order in which a request takes its way: versions and clock, both webhook configurations and their caBundles, Service
and endpoints, the certificate that is served, two StatefulSets sent as a dry run (one must come back injected, one refused), the
rights of the webhook's account and your own, and each set as \`pgusher status\` does. Nothing is changed. What you may not see is a
warning that names the right. Dry run and your rights are those of namespace -n, the sets those of all namespaces without -n.

--json prints {"at", "version", "healthy", "findings": [{"examination", "verdict", "seen", "wanted", "type"}]}; verdict is "ok", "warning" or "fault".

Exit codes: 0 no fault, warnings included; 1 a fault; 2 the cluster could not be asked.`;

/** Below `pgusher certificates --help`. */
export const certificatesHelp = `
Who makes the certificate (the webhook itself, cert-manager, or somebody who writes files), the authorities in the caBundles and
whether they agree, what each replica serves, and when something is renewed next. \`renew\` has every replica take a new certificate,
\`rotate\` has them go over to a new authority: known to every apiserver first, signing after that, some five minutes in all. Both wait,
are for certificates that the webhook makes itself, and go on when the command is interrupted. Your rights: \`list\` of both webhook
configurations, and in the webhook's namespace \`get\` of Deployment, Service and Secret pgusher-webhook-authority, \`list\` of endpointslices,
\`get\` of pods/proxy; to renew or rotate, \`patch\` of that Secret.

--json prints {"mode", "authorities": [{"state", "certificate", "ends", "until"}], "bundles": [{"configuration", "webhook", "certificates"}],
"served": [{"from", "ends"}], "renewal", "troubles"}; times are ISO 8601.

Exit codes: 0 all is well, or done; 1 something is wrong, or not done; 2 the cluster could not be asked, or a right is missing.`;
