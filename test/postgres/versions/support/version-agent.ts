import { eventually } from '../../../support/postgres-server.ts';
import type { Container } from './container.ts';

/** A running `pgusher-agent backup`. */
export class VersionAgent {
  readonly container: Container;
  private readonly port: number;

  constructor(container: Container, port: number) {
    this.container = container;
    this.port = port;
  }

  async untilStarted(): Promise<void> {
    await this.untilOk('/livez');
  }

  /** Receiving, with a verified base backup of this timeline. */
  async untilProtected(): Promise<void> {
    await this.untilOk('/readyz');
  }

  async metric(name: string): Promise<number> {
    const body = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const line = body.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return Number(line?.split(' ')[1] ?? Number.NaN);
  }

  /** The reasons why it is not protected, a line each. */
  async reasons(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).text();
  }

  /** SIGTERM. @returns the exit code. */
  async stop(): Promise<number | string> {
    this.container.signal('SIGTERM');
    return this.container.exited;
  }

  private async untilOk(path: string): Promise<void> {
    await eventually(
      `the agent answers ${path}`,
      async () => (await fetch(`http://127.0.0.1:${this.port}${path}`).catch(() => undefined))?.status === 200,
      () => this.container.output(),
    );
  }
}
