/** Every text of the page that holds the article's claims against a run. */
import type { Stage } from '../../../../shared/schedule.ts';
import { counted } from '../text/counted.ts';
import type { Verdict } from './claims.ts';

export const truthEnglish = {
  title: 'Is it true?',
  lead: "The article says what feature maps do while the deep training strategy takes the activations away. Each of its three claims is held here against this run's measures, by a rule that is written out.",
  back: 'Back to the run',
  basis: (images: number, snapshots: number): string =>
    `Measured on ${counted(images, 'test image')} at ${counted(snapshots, 'snapshot')}; the untrained network is left out.`,
  stages: 'Early: λ above 2/3. Mid: λ above 1/3. Late: below, and once merged.',
  soFar: 'The run is under way: verdicts may change.',
  words: { yes: 'Yes.', mixed: 'Partly.', no: 'No.', unknown: 'Not known yet.' } satisfies Record<
    Verdict,
    string
  >,
  stage: { early: 'early', mid: 'mid', late: 'late' } satisfies Record<Stage, string>,
  lack: (stage: string, snapshots: number, fewest: number): string =>
    `This cannot be told yet: the ${stage} stage has ${counted(snapshots, 'measured snapshot')}, and ${fewest} are needed.`,
  reading: 'This cannot be told yet: the similarities are being read.',
  of: (holding: number, all: number): string =>
    holding === all ? `all ${all}` : holding === 0 ? `none of the ${all}` : `${holding} of ${all}`,
  rule: 'Rule',
  caution: 'What it does not mean',
  block: 'Block',
  holds: 'holds',
  holdsNot: 'does not hold',
  change: 'change',
  contrast: {
    claim: 'Early, the feature maps have a high contrast.',
    rule: 'A block holds if its mean contrast in the early stage is more than 5 % above that in the late stage. Yes from two thirds of the blocks on, partly from more than one third.',
    sentence: (of: string): string => `The contrast is higher early than late in ${of} blocks.`,
    caution:
      "Contrast is the standard deviation within a map, in the activation's own unit. With the series activation each block ends in a batch normalisation, which gives a channel the deviation γ over all images and places: the number is then γ times the part of it that lies within maps. A fall can mean paler maps, a smaller γ, or more difference between images. It is not the contrast on the screen, which every colour scale stretches.",
  },
  smooth: {
    claim: 'In the middle they are smoother, and the outlines are kept.',
    rule: 'A block holds if its mean total variation and its mean share of high frequencies both fall by more than 5 % from early to mid, while the similarity (CKA) between early and mid snapshots stays above 0.7 on average.',
    sentence: (of: string): string =>
      `The maps become smoother from early to mid, and stay similar, in ${of} blocks.`,
    caution:
      'Total variation has the unit of the activation and falls with the contrast; the share of high frequencies has no unit and is the stricter sign of smoothness. CKA compares how the maps arrange the images: it stands in for outlines and does not see a single edge.',
    kept: 'CKA',
    keptHint: 'mean similarity of early and mid snapshots',
  },
  layers: {
    claim: "Late they are layered, like a deeper net's.",
    rule: 'A block holds if its effective rank is more than 5 % higher late than early and its similarity (CKA) with the block before it is lower by more than 0.02; the first block has none before it. The merge must leave the features as they were: CKA of before and after above 0.99 in every block, else the answer is partly at best.',
    sentence: (of: string): string =>
      `The features become richer from early to late, and more unlike those of the block before, in ${of} blocks.`,
    merged: (cka: string): string => `The merge leaves them as they were (lowest CKA ${cka}).`,
    broken: (cka: string): string => `The merge changes them (lowest CKA ${cka}).`,
    unmerged: 'The run is not merged, so whether the merge keeps them is open.',
    caution:
      'No deeper network is trained beside this one: layered means that each block adds something of its own, not that it equals a certain deep net. Effective rank counts directions in which the images differ, one less than the images at most. λ and the length of training change together, so a difference between early and late need not come from λ alone.',
    before: 'CKA with the block before',
    merge: 'CKA, merge',
  },
};
export type TruthText = typeof truthEnglish;

export const truthChinese: TruthText = {
  title: '真是这样吗？',
  lead: '论文描述了深度训练策略逐渐移除激活时特征图的变化。这里把它的三个论断分别与本次训练的度量对照，并写明判断规则。',
  back: '返回训练',
  basis: (images, snapshots) => `在 ${images} 张测试图像、${snapshots} 个快照上度量；不含未训练的网络。`,
  stages: '早期：λ 大于 2/3。中期：λ 大于 1/3。后期：其余，以及合并之后。',
  soFar: '训练仍在进行：结论可能改变。',
  words: { yes: '是。', mixed: '部分成立。', no: '否。', unknown: '尚不可知。' },
  stage: { early: '早期', mid: '中期', late: '后期' },
  lack: (stage, snapshots, fewest) =>
    `目前还无法判断：${stage}只有 ${snapshots} 个已度量的快照，需要 ${fewest} 个。`,
  reading: '目前还无法判断：正在读取相似度。',
  of: (holding, all) =>
    holding === all
      ? `全部 ${all} 个模块`
      : holding === 0
        ? `${all} 个模块中没有一个`
        : `${all} 个模块中有 ${holding} 个`,
  rule: '规则',
  caution: '局限',
  block: '模块',
  holds: '成立',
  holdsNot: '不成立',
  change: '变化',
  contrast: {
    claim: '早期的特征图对比度高。',
    rule: '若某模块早期的平均对比度比后期高 5 % 以上，则该模块成立。三分之二以上的模块成立为“是”，超过三分之一为“部分成立”。',
    sentence: (of) => `${of}的对比度早期高于后期。`,
    caution:
      '对比度是单张特征图内的标准差，单位是激活值本身。使用级数激活时，每个模块以批归一化结束，它使每个通道在所有图像和位置上的标准差为 γ：因此这个数是 γ 乘以其中位于图内的部分。数值下降可能是图变淡、γ 变小，或图像之间差异变大。它不是屏幕上看到的对比度，后者总被色标拉伸。',
  },
  smooth: {
    claim: '中期的特征图更平滑，并保留轮廓。',
    rule: '若某模块的平均全变差和平均高频占比从早期到中期都下降 5 % 以上，且早期与中期快照之间的平均相似度（CKA）高于 0.7，则该模块成立。',
    sentence: (of) => `${of}的特征图从早期到中期变得更平滑且保持相似。`,
    caution:
      '全变差以激活值为单位，会随对比度下降；高频占比没有单位，是更严格的平滑指标。CKA 比较特征图如何排列各图像：它只是轮廓的替代，看不到任何一条边。',
    kept: 'CKA',
    keptHint: '早期与中期快照的平均相似度',
  },
  layers: {
    claim: '后期的特征层次分明，如同更深的网络。',
    rule: '若某模块后期的有效秩比早期高 5 % 以上，且与前一模块的相似度（CKA）降低 0.02 以上，则该模块成立；第一个模块没有前一模块。合并须保持特征不变：每个模块合并前后的 CKA 都高于 0.99，否则至多为“部分成立”。',
    sentence: (of) => `${of}的特征从早期到后期变得更丰富，也更不同于前一模块。`,
    merged: (cka) => `合并保持特征不变（最低 CKA ${cka}）。`,
    broken: (cka) => `合并改变了特征（最低 CKA ${cka}）。`,
    unmerged: '本次训练尚未合并，因此合并是否保持特征仍未可知。',
    caution:
      '这里没有同时训练一个更深的网络：层次分明指每个模块都增加了自己的内容，并不等于某个深层网络。有效秩是图像之间差异的方向数，最多比图像数少一。λ 与训练时长同时变化，因此早期与后期的差别未必只来自 λ。',
    before: '与前一模块的 CKA',
    merge: '合并前后 CKA',
  },
};
