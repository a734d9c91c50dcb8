/** Version of this package; what a StatefulSet's `postgres.io/injection-version` is set to. A test holds it to package.json. */
export const version = '0.1.0';
