// The part of MPI that MessagePassing calls, as functions that Swift can import: one line per MPI call.
//
// MPI's constants (MPI_COMM_WORLD, MPI_FLOAT, MPI_IN_PLACE, …) are C macros, which Swift does not see, so each
// becomes a function or is filled in here. Every function returns MPI's own code; MessagePassing checks all of them.
#pragma once
#include <mpi.h>

// Life of the job.
static inline int cmpi_init_funneled(int *provided) { return MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, provided); }
static inline int cmpi_thread_funneled(void) { return MPI_THREAD_FUNNELED; }
static inline int cmpi_finalize(void) { return MPI_Finalize(); }
static inline int cmpi_abort(int code) { return MPI_Abort(MPI_COMM_WORLD, code); }

// Errors.
static inline int cmpi_success(void) { return MPI_SUCCESS; }
static inline int cmpi_return_errors(MPI_Comm comm) { return MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN); }
static inline int cmpi_error_class(int code, int *class_) { return MPI_Error_class(code, class_); }
static inline int cmpi_error_string_capacity(void) { return MPI_MAX_ERROR_STRING; }
static inline int cmpi_error_string(int code, char *text, int *length) { return MPI_Error_string(code, text, length); }

// The library's own name and version.
static inline int cmpi_library_version_capacity(void) { return MPI_MAX_LIBRARY_VERSION_STRING; }
static inline int cmpi_library_version(char *text, int *length) { return MPI_Get_library_version(text, length); }

// Constants: communicators, types, operations.
static inline MPI_Comm cmpi_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm cmpi_self(void) { return MPI_COMM_SELF; }
static inline int cmpi_is_null(MPI_Comm comm) { return comm == MPI_COMM_NULL; }
static inline MPI_Datatype cmpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype cmpi_double(void) { return MPI_DOUBLE; }
static inline MPI_Datatype cmpi_int32(void) { return MPI_INT32_T; }
static inline MPI_Datatype cmpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype cmpi_uint8(void) { return MPI_UINT8_T; }
static inline MPI_Op cmpi_sum(void) { return MPI_SUM; }
static inline MPI_Op cmpi_min(void) { return MPI_MIN; }
static inline MPI_Op cmpi_max(void) { return MPI_MAX; }

// Communicators.
static inline int cmpi_rank(MPI_Comm comm, int *rank) { return MPI_Comm_rank(comm, rank); }
static inline int cmpi_size(MPI_Comm comm, int *size) { return MPI_Comm_size(comm, size); }
static inline int cmpi_duplicate(MPI_Comm comm, MPI_Comm *out) { return MPI_Comm_dup(comm, out); }
static inline int cmpi_undefined(void) { return MPI_UNDEFINED; }
static inline int cmpi_split(MPI_Comm comm, int color, int key, MPI_Comm *out) {
  return MPI_Comm_split(comm, color, key, out);
}
static inline int cmpi_split_by_node(MPI_Comm comm, int key, MPI_Comm *out) {
  return MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, out);
}
static inline int cmpi_free(MPI_Comm *comm) { return MPI_Comm_free(comm); }

// Collectives. The reductions work in place: the result replaces the contribution.
static inline int cmpi_barrier(MPI_Comm comm) { return MPI_Barrier(comm); }
static inline int cmpi_broadcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  return MPI_Bcast(data, count, type, root, comm);
}
static inline int cmpi_gather(const void *in, void *out, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  return MPI_Gather(in, count, type, out, count, type, root, comm);
}
static inline int cmpi_all_gather(const void *in, void *out, int count, MPI_Datatype type, MPI_Comm comm) {
  return MPI_Allgather(in, count, type, out, count, type, comm);
}
static inline int cmpi_reduce_at_root(void *data, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
  return MPI_Reduce(MPI_IN_PLACE, data, count, type, op, root, comm);
}
static inline int cmpi_reduce_elsewhere(const void *data, int count, MPI_Datatype type, MPI_Op op, int root,
                                        MPI_Comm comm) {
  return MPI_Reduce(data, 0, count, type, op, root, comm);
}
static inline int cmpi_all_reduce(void *data, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  return MPI_Allreduce(MPI_IN_PLACE, data, count, type, op, comm);
}

// Messages between two ranks, and requests.
static inline int cmpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int cmpi_any_tag(void) { return MPI_ANY_TAG; }
static inline int cmpi_send(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  return MPI_Send(data, count, type, to, tag, comm);
}
static inline int cmpi_receive(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
                               MPI_Status *status) {
  return MPI_Recv(data, count, type, from, tag, comm, status);
}
static inline int cmpi_probe(int from, int tag, MPI_Comm comm, int *arrived, MPI_Status *status) {
  return MPI_Iprobe(from, tag, comm, arrived, status);
}
static inline int cmpi_start_send(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
                                  MPI_Request *out) {
  return MPI_Isend(data, count, type, to, tag, comm, out);
}
static inline int cmpi_start_receive(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm,
                                     MPI_Request *out) {
  return MPI_Irecv(data, count, type, from, tag, comm, out);
}
static inline int cmpi_wait(MPI_Request *request, MPI_Status *status) { return MPI_Wait(request, status); }
static inline int cmpi_test(MPI_Request *request, int *done, MPI_Status *status) {
  return MPI_Test(request, done, status);
}
static inline int cmpi_received_count(const MPI_Status *status, MPI_Datatype type, int *count) {
  return MPI_Get_count(status, type, count);
}

// Windows: memory that the ranks of one node share.
static inline int cmpi_window_allocate_shared(MPI_Aint bytes, MPI_Comm comm, void *base, MPI_Win *out) {
  return MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, comm, base, out);
}
static inline int cmpi_window_query(MPI_Win window, int rank, MPI_Aint *bytes, int *unit, void *base) {
  return MPI_Win_shared_query(window, rank, bytes, unit, base);
}
static inline int cmpi_window_return_errors(MPI_Win window) {
  return MPI_Win_set_errhandler(window, MPI_ERRORS_RETURN);
}
static inline int cmpi_window_free(MPI_Win *window) { return MPI_Win_free(window); }

// The library's own settings, by name.
static inline int cmpi_tools_start(int *provided) { return MPI_T_init_thread(MPI_THREAD_SINGLE, provided); }
static inline int cmpi_tools_end(void) { return MPI_T_finalize(); }
static inline int cmpi_setting_index(const char *name, int *index) { return MPI_T_cvar_get_index(name, index); }
static inline int cmpi_setting_open(int index, MPI_T_cvar_handle *out, int *count) {
  return MPI_T_cvar_handle_alloc(index, 0, out, count);
}
static inline int cmpi_setting_read(MPI_T_cvar_handle handle, void *value) { return MPI_T_cvar_read(handle, value); }
static inline int cmpi_setting_close(MPI_T_cvar_handle *handle) { return MPI_T_cvar_handle_free(handle); }
