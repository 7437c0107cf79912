/** Every text of the compare panel. */
export const compareEnglish = {
  run: 'Run',
  thisRun: 'this run',
  epoch: 'epoch',
  follows: 'follows the slider',
  modes: { side: 'Side by side', blink: 'Blink', swipe: 'Swipe' },
  mode: 'How to compare',
  start: 'Choose two moments: pin epochs as A and B with the buttons at the slider, or begin with',
  firstLast: 'the first and the latest epoch',
  order: 'Order',
  orders: { index: 'channel', changed: 'most changed' },
  divider: 'Divider between A and B',
  front: 'In front',
  hold: 'Hold',
  blink: 'Blink',
  overall: (cosine: string, mean: string): string =>
    `All channels: median cosine ${cosine}, mean |B − A| ${mean}`,
  sameSlider: (a: string, b: string): string => `Both runs at the slider: A epoch ${a}, B epoch ${b}`,
  permuted:
    'Nothing orders the channels of a network: channel 3 of one run is not channel 3 of the other. Differences are offered once the channels are matched by correlation over the probes.',
  match: 'Match channels by correlation',
  matched: (mean: string): string =>
    `B’s channels stand in the order that correlates best with A’s, one to one; mean correlation ${mean}.`,
  weak: 'Below 0.5 a pair has little in common: its difference says little.',
  partner: (channel: number, r: string): string => `B channel ${channel}, r ${r}`,
  otherProbes:
    'The two runs record other images (another data set, seed or limit), so that their maps can be looked at side by side but not matched or subtracted.',
  noTap: (tap: string): string => `The other run has no ${tap} of this shape.`,
  failed: (why: string): string => `The other run could not be read: ${why}`,
};
export type CompareText = typeof compareEnglish;

export const compareChinese: CompareText = {
  run: '训练',
  thisRun: '本次训练',
  epoch: '轮次',
  follows: '跟随滑块',
  modes: { side: '并排', blink: '闪烁', swipe: '卷帘' },
  mode: '比较方式',
  start: '请选择两个时刻：用滑块旁的按钮将轮次固定为 A 和 B，或从这里开始：',
  firstLast: '第一个与最新的轮次',
  order: '排序',
  orders: { index: '通道', changed: '变化最大' },
  divider: 'A 与 B 之间的分界',
  front: '前景',
  hold: '暂停',
  blink: '闪烁',
  overall: (cosine, mean) => `所有通道：余弦中位数 ${cosine}，平均 |B − A| ${mean}`,
  sameSlider: (a, b) => `两次训练共用滑块：A 为第 ${a} 轮，B 为第 ${b} 轮`,
  permuted:
    '网络的通道没有固有顺序：一次训练的通道 3 并不是另一次的通道 3。只有先按探针上的相关性匹配通道，才提供差值。',
  match: '按相关性匹配通道',
  matched: (mean) => `B 的通道按与 A 相关性最大的一一对应排列；平均相关系数 ${mean}。`,
  weak: '低于 0.5 的一对几乎没有共同之处，其差值意义不大。',
  partner: (channel, r) => `B 通道 ${channel}，r ${r}`,
  otherProbes:
    '两次训练记录的图像不同（数据集、种子或数量限制不同），其特征图可以并排查看，但不能匹配或相减。',
  noTap: (tap) => `另一次训练没有这种形状的 ${tap}。`,
  failed: (why) => `无法读取另一次训练：${why}`,
};
