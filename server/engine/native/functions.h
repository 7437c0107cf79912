/**
 * Read by the compiler after ahead.h: gives the addon functions of TensorFlow's, each many ops that are run by one call.
 *
 * - `defineFunction(graph, name, inputs, outputs)`: `graph` is a Uint8Array, a GraphDef as bytes. The inputs, in their
 *   order, are its nodes i0, i1, ...; the outputs, an Int32Array, are pairs: the number of a node n0, n1, ..., and which
 *   of its outputs. An op of that name runs it from then on.
 * - `removeFunction(name)` forgets it.
 */
#pragma once

#include <node_api.h>

#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"

namespace vanillascope {

/** Throws what `status` tells, where it tells of an error, and lets go of it. */
inline void ThrowAndDelete(napi_env env, TF_Status *status) {
  if (TF_GetCode(status) != TF_OK) napi_throw_error(env, nullptr, TF_Message(status));
  TF_DeleteStatus(status);
}

inline bool GetString(napi_env env, napi_value value, std::string *text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length);
  text->resize(length);
  return true;
}

/** An output of the node that a letter and a number name; an empty one where there is no such node. */
inline TF_Output OutputOf(TF_Graph *graph, char letter, int32_t number, int32_t index) {
  TF_Operation *node = TF_GraphOperationByName(graph, (letter + std::to_string(number)).c_str());
  return {node, index};
}

inline TF_Function *FunctionOf(TF_Graph *graph, const std::string &name, int32_t inputs, const int32_t *pairs,
                               size_t outputs, TF_Status *status) {
  std::vector<TF_Output> from, to;
  for (int32_t i = 0; i < inputs; i++) from.push_back(OutputOf(graph, 'i', i, 0));
  for (size_t i = 0; i < outputs; i++) to.push_back(OutputOf(graph, 'n', pairs[2 * i], pairs[2 * i + 1]));
  for (const auto *places : {&from, &to})
    for (const TF_Output &place : *places)
      if (place.oper == nullptr || place.index < 0 || place.index >= TF_OperationNumOutputs(place.oper)) {
        TF_SetStatus(status, TF_INVALID_ARGUMENT, "the graph lacks an input or an output of the function");
        return nullptr;
      }
  return TF_GraphToFunction(graph, name.c_str(), 0, -1, nullptr, inputs, from.data(), outputs, to.data(), nullptr,
                            nullptr, nullptr, status);
}

inline napi_value DefineFunction(napi_env env, napi_callback_info info) {
  napi_value args[4];
  size_t count = 4;
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  napi_typedarray_type bytes_type, pairs_type;
  void *bytes = nullptr, *pairs = nullptr;
  size_t length = 0, numbers = 0;
  std::string name;
  int32_t inputs = 0;
  if (count != 4 ||
      napi_get_typedarray_info(env, args[0], &bytes_type, &length, &bytes, nullptr, nullptr) != napi_ok ||
      bytes_type != napi_uint8_array || !GetString(env, args[1], &name) ||
      napi_get_value_int32(env, args[2], &inputs) != napi_ok ||
      napi_get_typedarray_info(env, args[3], &pairs_type, &numbers, &pairs, nullptr, nullptr) != napi_ok ||
      pairs_type != napi_int32_array) {
    napi_throw_type_error(env, nullptr, "defineFunction takes a Uint8Array, a string, a number and an Int32Array");
    return nullptr;
  }
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_Buffer *serialized = TF_NewBufferFromString(bytes, length);
  TF_ImportGraphDefOptions *options = TF_NewImportGraphDefOptions();
  TF_GraphImportGraphDef(graph, serialized, options, status);
  TF_DeleteImportGraphDefOptions(options);
  TF_DeleteBuffer(serialized);
  if (TF_GetCode(status) == TF_OK) {
    TF_Function *function =
        FunctionOf(graph, name, inputs, static_cast<int32_t *>(pairs), numbers / 2, status);
    if (function != nullptr) {
      TFE_ContextAddFunction(context, function, status);
      TF_DeleteFunction(function);
    }
  }
  TF_DeleteGraph(graph);
  ThrowAndDelete(env, status);
  return nullptr;
}

inline napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  napi_value arg;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &arg, nullptr, nullptr);
  std::string name;
  if (count != 1 || !GetString(env, arg, &name)) {
    napi_throw_type_error(env, nullptr, "removeFunction takes a string");
    return nullptr;
  }
  TF_Status *status = TF_NewStatus();
  // The queue may still run it. Whether that fails is told to whoever reads what comes of it.
  TFE_Executor *executor = TFE_ContextGetExecutorForThread(context);
  TFE_ExecutorWaitForAllPendingNodes(executor, status);
  TFE_DeleteExecutor(executor);
  TF_SetStatus(status, TF_OK, "");
  TFE_ContextRemoveFunction(context, name.c_str(), status);
  ThrowAndDelete(env, status);
  return nullptr;
}

inline napi_status DefineProperties(napi_env env, napi_value object, size_t count,
                                    const napi_property_descriptor *properties) {
  std::vector<napi_property_descriptor> all(properties, properties + count);
  // The package defines its functions all at once, and its constants one by one.
  if (count > 1)
    for (const auto &[name, function] : {std::pair("defineFunction", DefineFunction), {"removeFunction", RemoveFunction}})
      all.push_back({name, nullptr, function, nullptr, nullptr, nullptr, napi_default, nullptr});
  return napi_define_properties(env, object, all.size(), all.data());
}

}  // namespace vanillascope

#define napi_define_properties vanillascope::DefineProperties
