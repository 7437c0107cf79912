/** The icons of one emoji vendor: their SVG bodies and their Unicode groups, from its `@iconify-json` package. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** The nine groups of Unicode, as most vendors spell them, in their order. */
export const GROUPS = [
  'Activities',
  'Animals & Nature',
  'Flags',
  'Food & Drink',
  'Objects',
  'People & Body',
  'Smileys & Emotion',
  'Symbols',
  'Travel & Places',
] as const;

export interface Icon {
  name: string;
  /** Index into GROUPS. */
  label: number;
  svg: string;
}

interface Sprite {
  body: string;
  left?: number;
  top?: number;
  width?: number;
  height?: number;
}

const require = createRequire(import.meta.url);
const plain = (group: string): string => group.replace(' & ', ' ');
const LABELS = new Map(GROUPS.map((group, label) => [plain(group), label]));

/** Skin tones are the code points 1F3FB to 1F3FF. */
const SKIN_TONE = /(^|-)1f3f[b-f](-|$)/;

async function readJson<T>(vendor: string, file: string): Promise<T> {
  return JSON.parse(await readFile(require.resolve(`@iconify-json/${vendor}/${file}`), 'utf8')) as T;
}

/** Version of a vendor's package. */
export async function vendorVersion(vendor: string): Promise<string> {
  return (await readJson<{ version: string }>(vendor, 'package.json')).version;
}

/** All icons in one of the nine groups, in the order of their names; OpenMoji's extras and skin tones left out. */
export async function readIcons(vendor: string): Promise<Icon[]> {
  const [icons, metadata, characters] = await Promise.all([
    readJson<{ icons: Record<string, Sprite>; width?: number; height?: number }>(vendor, 'icons.json'),
    readJson<{ categories: Record<string, string[]> }>(vendor, 'metadata.json'),
    readJson<Record<string, string>>(vendor, 'chars.json'),
  ]);
  const toned = new Set(
    Object.entries(characters)
      .filter(([codes]) => SKIN_TONE.test(codes))
      .map(([, name]) => name),
  );
  const list: Icon[] = [];
  for (const [group, members] of Object.entries(metadata.categories)) {
    const label = LABELS.get(plain(group));
    if (label === undefined) continue;
    for (const name of members) {
      const sprite = icons.icons[name];
      if (!sprite || toned.has(name)) continue;
      const { left = 0, top = 0, width = icons.width ?? 16, height = icons.height ?? 16, body } = sprite;
      const box = `${left} ${top} ${width} ${height}`;
      list.push({
        name,
        label,
        svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}">${body}</svg>`,
      });
    }
  }
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}
