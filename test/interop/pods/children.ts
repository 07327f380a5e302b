import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import process from 'node:process';

const children = new Set<ChildProcess>();
const dirs: string[] = [];

/** Starts a program of others that this pod ends with; that it ends before is an error. */
export function start(command: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  children.add(child);
  child.on('error', (error) => fail(`${program}: ${error.message}`));
  child.on('exit', (code) => fail(`${program} ended with ${code}`));
}

/** A folder that goes with the pod. */
export function removeAtEnd(dir: string): void {
  dirs.push(dir);
}

function fail(reason: string): void {
  process.stderr.write(`${reason}\n`);
  end(1);
}

function end(code: number): void {
  for (const child of children) {
    child.removeAllListeners('exit');
    // At once, without waiting for clients: what a database keeps is of no use to anybody.
    child.kill('SIGKILL');
  }
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  process.exit(code);
}

/** Answers probes on a port: 200 once something listens on all the others. */
export function answerProbes(port: number, others: readonly number[]): void {
  createServer((_request, response) => {
    void Promise.all(others.map(isListening)).then((listening) => {
      response.statusCode = listening.every(Boolean) ? 200 : 503;
      response.end();
    });
  }).listen(port);
  process.on('SIGTERM', () => end(0));
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
