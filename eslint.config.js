import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Who may import what (docs/architecture.md has the same table in words). The pure core is synchronous and reaches no
 * file, socket, clock or environment; the edges may use the core, never the other way round. `import type` is free.
 */
const edgeFolders = ['admission', 'agent', 'certificates', 'cluster', 'commands', 'manifests', 'server'];
const coreFolders = [
  'workload',
  'injections',
  'engines',
  'checks',
  'plan',
  'pinning',
  'shell',
  'status',
  'doctor',
  'drill',
  'page',
];

function mayNotImport(folder, folders, extra = []) {
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            ...folders.map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              allowTypeImports: true,
              message: `src/${folder} may not import src/${other} (docs/architecture.md).`,
            })),
            ...extra,
          ],
        },
      ],
    },
  };
}

/** A regex of every module specifier that is not relative, but for those named. */
const onlyPackages = (...names) => ({
  regex: `^(?!\\.)(?!(${names.map((name) => name.replace(/[/.]/g, '\\$&')).join('|') || '(?!)'})$)`,
  allowTypeImports: true,
  message: 'This folder may not use that package (docs/architecture.md).',
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', 'test/fixtures/**'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unnecessary-condition': 'error',
      'no-restricted-globals': ['error', { name: 'require', message: 'ES modules only.' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/commands/**', 'src/main.ts', 'src/agent/**', 'scripts/**', 'bench/**', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  mayNotImport(
    'workload',
    [...edgeFolders, 'injections', 'engines', 'checks', 'plan', 'pinning', 'shell'],
    [onlyPackages('croner', 'unbash')],
  ),
  mayNotImport(
    'checks',
    ['admission', 'certificates', 'cluster', 'commands', 'server', 'agent', 'plan', 'pinning'],
    [onlyPackages()],
  ),
  mayNotImport(
    'engines',
    ['admission', 'certificates', 'cluster', 'commands', 'server', 'checks', 'plan', 'pinning'],
    [onlyPackages()],
  ),
  mayNotImport(
    'injections',
    ['admission', 'certificates', 'cluster', 'commands', 'server', 'checks', 'pinning'],
    [onlyPackages()],
  ),
  mayNotImport(
    'plan',
    [...edgeFolders, 'injections', 'engines', 'checks', 'pinning'],
    [onlyPackages('fast-json-patch', 'node:crypto')],
  ),
  mayNotImport(
    'pinning',
    ['admission', 'agent', 'certificates', 'cluster', 'commands', 'server', 'checks'],
    [onlyPackages()],
  ),
  mayNotImport('shell', [...edgeFolders, ...coreFolders.filter((folder) => folder !== 'shell')], [onlyPackages()]),
  mayNotImport(
    'manifests',
    [...edgeFolders.filter((folder) => folder !== 'manifests'), 'injections', 'engines', 'checks', 'pinning', 'shell'],
    [onlyPackages('yaml')],
  ),
  mayNotImport(
    'certificates',
    ['admission', 'agent', 'cluster', 'commands', 'server', ...coreFolders],
    [onlyPackages('node-forge', 'node:crypto', 'node:fs', 'node:fs/promises', 'node:tls', 'node:path')],
  ),
  // Of the agent only the form of its report.
  mayNotImport(
    'status',
    [
      ...edgeFolders.map((folder) => (folder === 'agent' ? 'agent/(?!report)' : folder)),
      ...coreFolders.filter((folder) => !['workload', 'status'].includes(folder)),
    ],
    [onlyPackages()],
  ),
  mayNotImport(
    'schemas',
    [...edgeFolders, ...coreFolders.filter((folder) => !['checks', 'workload'].includes(folder))],
    [onlyPackages('zod')],
  ),
  mayNotImport(
    'drill',
    [...edgeFolders, ...coreFolders.filter((folder) => !['workload', 'drill'].includes(folder))],
    [onlyPackages()],
  ),
  mayNotImport(
    'page',
    [...edgeFolders, ...coreFolders.filter((folder) => !['status', 'page'].includes(folder))],
    [onlyPackages()],
  ),
  mayNotImport('doctor', [...edgeFolders, ...coreFolders.filter((folder) => folder !== 'doctor')], [onlyPackages()]),
  mayNotImport('admission', ['agent', 'certificates', 'cluster', 'commands', 'server'], [onlyPackages()]),
  // Read by the agent in a pod and by the command line on a laptop alike.
  mayNotImport('store', [...edgeFolders, ...coreFolders.filter((folder) => folder !== 'workload')]),
  mayNotImport('server', ['agent', 'cluster', 'commands', ...coreFolders.filter((folder) => folder !== 'page')]),
  mayNotImport('cluster', [
    'admission',
    'agent',
    'certificates',
    'commands',
    'server',
    ...coreFolders.filter((folder) => folder !== 'workload'),
  ]),
  mayNotImport('agent', [
    'admission',
    'certificates',
    'cluster',
    'commands',
    'server',
    'checks',
    'injections',
    'engines',
    'plan',
    'pinning',
  ]),
  {
    files: ['src/agent/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/**'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
);
