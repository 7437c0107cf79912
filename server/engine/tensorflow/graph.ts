/** A graph of TensorFlow's as bytes, as far as ops of ours go. Numbers of fields are those of graph.proto, node_def.proto,
 * attr_value.proto and tensor_shape.proto in tensorflow/core/framework. */
import { PbfWriter } from 'pbf';
import type { Constants, OpAttribute } from './attributes.ts';

export interface GraphNode {
  name: string;
  op: string;
  /** Names of nodes, with `:k` for another output than the first. */
  inputs: readonly string[];
  attributes: readonly OpAttribute[];
}

/** GraphDef { repeated NodeDef node = 1; } */
export function graphBytes(constants: Constants, nodes: readonly GraphNode[]): Uint8Array {
  const writer = new PbfWriter();
  for (const node of nodes) writer.writeMessage(1, writeNode, { node, constants });
  return writer.finish();
}

/** NodeDef { string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5; } */
function writeNode({ node, constants }: { node: GraphNode; constants: Constants }, writer: PbfWriter): void {
  writer.writeStringField(1, node.name);
  writer.writeStringField(2, node.op);
  for (const input of node.inputs) writer.writeStringField(3, input);
  for (const attribute of node.attributes) writer.writeMessage(5, writeEntry, { attribute, constants });
}

/** An entry of a map: the key is field 1, the value field 2. */
function writeEntry(entry: { attribute: OpAttribute; constants: Constants }, writer: PbfWriter): void {
  writer.writeStringField(1, entry.attribute.name);
  writer.writeMessage(2, writeValue, entry);
}

/** AttrValue { oneof { ListValue list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; DataType type = 6;
 * TensorShapeProto shape = 7; } } */
function writeValue(
  { attribute: { type, value }, constants }: { attribute: OpAttribute; constants: Constants },
  writer: PbfWriter,
): void {
  switch (type) {
    case constants.TF_ATTR_STRING:
      return writer.writeStringField(2, value as string);
    case constants.TF_ATTR_INT:
      if (Array.isArray(value)) return writer.writeMessage(1, writeList, value as number[]);
      return writer.writeVarintField(3, value as number);
    case constants.TF_ATTR_FLOAT:
      return writer.writeFloatField(4, value as number);
    case constants.TF_ATTR_BOOL:
      return writer.writeBooleanField(5, value as boolean);
    case constants.TF_ATTR_TYPE:
      return writer.writeVarintField(6, value as number);
    case constants.TF_ATTR_SHAPE:
      return writer.writeMessage(7, writeShape, value as readonly number[]);
  }
  throw new TypeError(`an attribute of type ${type} has no field`);
}

/** ListValue { repeated int64 i = 3 [packed = true]; } */
function writeList(values: number[], writer: PbfWriter): void {
  writer.writePackedVarint(3, values);
}

/** TensorShapeProto { repeated Dim dim = 2; }, Dim { int64 size = 1; } */
function writeShape(shape: readonly number[], writer: PbfWriter): void {
  for (const side of shape)
    writer.writeMessage(2, (size: number, dim: PbfWriter) => dim.writeVarintField(1, size), side);
}
