import ArgumentParser

/// What is asked of the processors of a run.
struct ProcessorOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Go on where ranks, checkpoints or finished statistics round differently: other processors, BLAS threads or "
        + "kernels. The last bits of the result then depend on which rank does what; it is recorded."))
  var allowUnlikeProcessors = false
}
