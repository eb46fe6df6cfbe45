// What a power cut leaves when it drops all that was not synced.

import Foundation
import RegistryStorage
import ServiceRegistry
import TestSupport
import Testing

@Suite("Power loss") struct PowerLossTests {
  @Test("A power cut at any moment of the first start leaves what the next one takes")
  func firstStart() async throws {
    try await FaultyDisk.with { disk in
      disk.beginRecording()
      _ = try SQLiteStore(path: disk.path, calls: disk.calls)
      let images = disk.endRecording()
      #expect(images.contains { $0.keys.contains("rollcall.db-journal") })
      for image in images {
        try await image.withStore { store in
          let stored = try await store.load()
          #expect(stored.services.isEmpty)
        }
      }
    }
  }

  @Test("What is acknowledged is there after a power cut at any later moment")
  func commits() async throws {
    try await FaultyDisk.with { disk in
      var history = try await StoredHistory.begin(on: disk)
      for (service, id, address) in StoredHistory.commands {
        #expect(try await history.send(service, id, address))
        try await history.checkImages("\(service) \(id)")
      }
    }
  }

  @Test("After a failed sync the next process writes everything anew before it relies on it")
  func suspect() async throws {
    try await FaultyDisk.with { disk in
      var history = try await StoredHistory.begin(on: disk)
      for (service, id, address) in StoredHistory.commands {
        try await history.send(service, id, address)
      }
      let mark = disk.path + ".suspect"
      #expect(!FileManager.default.fileExists(atPath: mark))
      disk.set(.init(call: .sync, code: 1_034, first: 1, isLasting: false))
      #expect(try await !history.send("web", "a", "10.0.0.7"))
      disk.set(nil)
      #expect(FileManager.default.fileExists(atPath: mark))
      let before = try FileManager.default.attributesOfItem(atPath: disk.path)
      let store = try SQLiteStore(path: disk.path, calls: disk.calls)
      try await history.check(store, "the next process")
      let after = try FileManager.default.attributesOfItem(atPath: disk.path)
      #expect(before[.systemFileNumber] as? Int != after[.systemFileNumber] as? Int)
      #expect(!FileManager.default.fileExists(atPath: mark))
    }
  }

  @Test("A power cut at any moment of a replacement leaves the old or the new, each complete")
  func replacement() async throws {
    try await FaultyDisk.with { disk in
      var history = try await StoredHistory.begin(on: disk)
      for (service, id, address) in StoredHistory.commands {
        try await history.send(service, id, address)
      }
      disk.set(.init(call: .sync, code: 1_034, first: 1, isLasting: false))
      #expect(try await !history.send("web", "a", "10.0.0.7"))
      disk.beginRecording()
      try await history.recover()
      let images = disk.endRecording()
      #expect(images.contains { $0.keys.contains("rollcall.db.whole") })
      for (number, image) in images.enumerated() {
        try await image.withStore { try await history.check($0, "image \(number)") }
      }
    }
  }
}
