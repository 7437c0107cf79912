/** Chinese for what the server and the presets name in English: data sets, presets and engines. Reasons and errors stay
 * as the server words them. */
import type { DatasetId, RungId } from '../../../../shared/config.ts';
import type { NetworkPreset } from '../../../../shared/presets.ts';
import type { DatasetInfo, RungReport } from '../../../../shared/protocol.ts';
import type { Language } from '../state/settings.svelte.ts';

interface Words {
  title: string;
  description: string;
}

const DATASETS: Readonly<Record<DatasetId, Words>> = {
  emoji: {
    title: 'Emoji',
    description: '四家厂商的表情符号，按 Unicode 的九个分组；在三家上训练，在第四家（Twemoji）上测试。',
  },
  cifar10: { title: 'CIFAR-10', description: '十类事物的照片，32×32 像素。' },
  shapes: { title: '图形', description: '由随机种子绘制的七种图形：网络不到一分钟即可学会。' },
};

const RUNGS: Readonly<Record<RungId, string>> = {
  'tensorflow-gpu': 'GPU 上的 TensorFlow',
  webgpu: 'WebGPU',
  tensorflow: 'CPU 上的 TensorFlow',
  wasm: 'WebAssembly',
  cpu: '纯 JavaScript',
};

export function datasetWords(dataset: Pick<DatasetInfo, 'id' | keyof Words>, language: Language): Words {
  return language === 'zh' ? DATASETS[dataset.id] : dataset;
}

export function rungTitle(rung: Pick<RungReport, 'id' | 'title'>, language: Language): string {
  return language === 'zh' ? RUNGS[rung.id] : rung.title;
}

export function presetWords({ id, title, description, network }: NetworkPreset, language: Language): Words {
  if (language !== 'zh') return { title, description };
  if (id === 'small')
    return { title: '小型（默认）', description: 'Stem 步幅 2，三个阶段；32×32 图像最后仍有 4×4 的特征图。' };
  if (id === 'article')
    return { title: '论文', description: '论文的宽度和步幅 4 的 Stem；32×32 图像最后的特征图只有一个像素。' };
  return {
    title,
    description: `论文的 ${network.dims.length + 1} 层网络，宽度为八分之一，Stem 步幅 2；32×32 图像最后的特征图为 2×2。`,
  };
}
