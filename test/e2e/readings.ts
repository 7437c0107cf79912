/** What the tests read off the page and, for comparison, over REST. */
import type { Locator, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { decodeFrame, type FrameTap } from '../../shared/frame.ts';

/** One tap and probe of a recorded snapshot, over REST. */
export async function recordedTap(
  url: string,
  run: string,
  snapshot: string,
  tap: string,
  probe: number,
): Promise<FrameTap> {
  const reply = await fetch(`${url}/api/runs/${run}/snapshots/${snapshot}?taps=${tap}&probes=${probe}`);
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
  return decodeFrame(new Uint8Array(await reply.arrayBuffer())).taps[0]!;
}

/** A number as the dashboard writes it: with a true minus sign. */
export const numberOf = (text: string): number => Number(text.replace('\u2212', '-'));

/** Points at pixel (x, y) of a channel's map and gives what stands in the panel's reading. */
export async function readAt(
  panel: Locator,
  maps: Locator,
  at: { x: number; y: number },
): Promise<{ channel: number; x: number; y: number; values: Record<string, number> }> {
  await maps.hover({ position: at });
  const reading = panel.locator('.readout').first();
  await reading.locator('.value').first().waitFor();
  const where = await reading.innerText();
  const [, channel, x, y] = /channel (\d+)[\s\S]*x (\d+), y (\d+)/.exec(where)!;
  const values: Record<string, number> = {};
  for (const value of await reading.locator('.value').all()) {
    const name = (await value.locator('.name').innerText()).trim();
    values[name] = numberOf((await value.locator('b').innerText()).trim());
  }
  return { channel: Number(channel), x: Number(x), y: Number(y), values };
}

/** Clicks what saves a file and gives its name and bytes. */
export async function saved(page: Page, button: Locator): Promise<{ name: string; png: PNG }> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  return { name: download.suggestedFilename(), png: PNG.sync.read(Buffer.concat(chunks)) };
}

/** Red, green and blue of a pixel. */
export function pixelOf(png: PNG, x: number, y: number): [number, number, number] {
  const at = 4 * (y * png.width + x);
  return [png.data[at]!, png.data[at + 1]!, png.data[at + 2]!];
}
