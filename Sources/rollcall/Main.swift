import ArgumentParser
import Configuration
import ServiceLifecycle
@main struct Main: ParsableCommand {}
