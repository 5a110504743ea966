package cryptoviz.delta;

/** A position of a table is not where the writer expected it: somebody else took those messages in. */
public final class PositionConflictException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final String appId;
  private final long expected;
  private final long found;

  PositionConflictException(String tableUri, String appId, long expected, long found, Throwable cause) {
    super(String.format("table=%s app_id=%s expected=%d found=%d", tableUri, appId, expected, found), cause);
    this.appId = appId;
    this.expected = expected;
    this.found = found;
  }

  public String appId() {
    return appId;
  }

  public long expected() {
    return expected;
  }

  public long found() {
    return found;
  }
}
