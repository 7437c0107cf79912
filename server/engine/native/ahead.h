/**
 * Read by the compiler before each of the package's own sources, which stay as they are: lets JavaScript run ahead of
 * TensorFlow.
 *
 * - Where VANILLASCOPE_AHEAD is set, the context is asynchronous: an op is queued, and a thread of TensorFlow's works the
 *   queue off in order, so that the next op is prepared meanwhile. Reading a tensor waits for what it depends on.
 * - The package asks for the shape of every output, which would wait for the op each time. An op with the attribute
 *   `_ahead` says that its caller knows the shapes: its outputs are handed out with an empty one, at once.
 * - The package lends TensorFlow the memory of JavaScript's arrays where it is aligned, and takes it back on whichever
 *   thread lets go of a tensor last; with a queue that can be TensorFlow's, on which V8 must not be called. Values are
 *   copied instead, as TensorFlow does by itself where they are not aligned.
 * - An op that fails in the queue is told by whichever call comes next, and leaves the queue refusing everything; it is
 *   made to accept again, so that an error is told once, as it is without a queue.
 */
#pragma once

#include <cstdlib>
#include <cstring>

#include "tensorflow/c/eager/c_api.h"
#include "tensorflow/c/eager/c_api_experimental.h"

namespace vanillascope {

/** There is one context, and JavaScript's thread alone uses it. */
inline TFE_Context *context = nullptr;
/** Whether the caller of the op at hand knows its outputs' shapes. */
inline bool shapes_known = false;

inline TF_Tensor *NewTensor(TF_DataType type, const int64_t *shape, int rank, void *data, size_t bytes,
                            void (*release)(void *data, size_t bytes, void *arg), void *arg) {
  TF_Tensor *tensor = TF_AllocateTensor(type, shape, rank, bytes);
  if (bytes > 0) std::memcpy(TF_TensorData(tensor), data, bytes);
  release(data, bytes, arg);
  return tensor;
}

inline TFE_Context *NewContext(TFE_ContextOptions *options, TF_Status *status) {
  TFE_ContextOptionsSetAsync(options, std::getenv("VANILLASCOPE_AHEAD") != nullptr);
  return context = TFE_NewContext(options, status);
}

inline void AcceptAgain(TF_Status *status) {
  if (TF_GetCode(status) == TF_OK || context == nullptr) return;
  TFE_Executor *executor = TFE_ContextGetExecutorForThread(context);
  // An op's outputs tell of its error before the queue has noted it: cleared at once, it would be noted afterwards.
  TF_Status *noted = TF_NewStatus();
  TFE_ExecutorWaitForAllPendingNodes(executor, noted);
  TF_DeleteStatus(noted);
  TFE_ExecutorClearError(executor);
  TFE_DeleteExecutor(executor);
}

inline TFE_Op *NewOp(TFE_Context *from, const char *name, TF_Status *status) {
  shapes_known = false;
  return TFE_NewOp(from, name, status);
}

inline void SetAttrBool(TFE_Op *op, const char *name, unsigned char value) {
  if (std::strcmp(name, "_ahead") == 0)
    shapes_known = value;
  else
    TFE_OpSetAttrBool(op, name, value);
}

inline void Execute(TFE_Op *op, TFE_TensorHandle **outputs, int *count, TF_Status *status) {
  TFE_Execute(op, outputs, count, status);
  AcceptAgain(status);
}

inline int NumDims(TFE_TensorHandle *handle, TF_Status *status) {
  if (!shapes_known) {
    const int count = TFE_TensorHandleNumDims(handle, status);
    AcceptAgain(status);
    return count;
  }
  TF_SetStatus(status, TF_OK, "");
  return 0;
}

inline TF_Tensor *Resolve(TFE_TensorHandle *handle, TF_Status *status) {
  TF_Tensor *tensor = TFE_TensorHandleResolve(handle, status);
  AcceptAgain(status);
  return tensor;
}

}  // namespace vanillascope

#define TF_NewTensor vanillascope::NewTensor
#define TFE_NewContext vanillascope::NewContext
#define TFE_NewOp vanillascope::NewOp
#define TFE_OpSetAttrBool vanillascope::SetAttrBool
#define TFE_Execute vanillascope::Execute
#define TFE_TensorHandleNumDims vanillascope::NumDims
#define TFE_TensorHandleResolve vanillascope::Resolve
