import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { FINISH, killEverywhere, RUN } from './every-boundary.ts';
import { buildToyStage, type ToyStage } from './toy-stage.ts';

let stage: ToyStage;
let control: PrivateCluster;
let round = 0;
before(async () => {
  stage = await buildToyStage();
  control = await createCluster({ name: 'control' });
});
after(async () => {
  delete process.env.ROUNDTRIP_CONTROL_STORE;
  await control.stop();
  await stage.close();
});

describe('kill -9 of a verb whose journal is on another machine, then resume', () => {
  it('at every moment of a finish: the way back is closed as by one that lived', (test) =>
    killEverywhere(test, {
      stage,
      verb: FINISH,
      over: 'a control store',
      async prepare() {
        round += 1;
        await control.query(`CREATE DATABASE runs_${round}`);
        const { host, port, user, passwordFile } = control.address();
        process.env.ROUNDTRIP_CONTROL_STORE = `postgresql://${user}@${host}:${port}/runs_${round}?passfile=${passwordFile}`;
        assert.equal((await stage.verb(0, ...RUN)).exitCode, 0);
      },
    }));
});
