// The file behind --trace: events in Chrome's trace event format ("Trace Event Format", the JSON Array Format), one a
// line. It is valid JSON whenever nobody writes, however its writers end; several processes may write to one.
#pragma once

#include <string>
#include <string_view>

#include "ir/core/result.h"

namespace menura::cli {

class TimelineFile {
 public:
  // `first`: an event, behind those that the file has already if `append`. Error: it cannot be written, or holds
  // something else.
  static Result<TimelineFile> open(const std::string& path, bool append, std::string_view first);

  // Events as JSON, with a comma between them. The file is opened anew each time: a guest may close whatever it finds
  // open. False: it was not possible, or the file is as large as it may be.
  bool append(std::string_view events) const;

  const std::string& path() const { return path_; }

 private:
  explicit TimelineFile(std::string path) : path_(std::move(path)) {}

  std::string path_;  // absolute: a guest may change its folder
};

}  // namespace menura::cli
