package cryptoviz.delta;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * The local file system, stopping at the {@link Gate} before each rename: after Hadoop's own look at the target.
 *
 * <p>Set by {@code fs.AbstractFileSystem.file.impl}.
 */
public final class StoppingFileSystem extends DelegateToFileSystem {
  public StoppingFileSystem(URI uri, Configuration conf) throws IOException, URISyntaxException {
    super(uri, new StoppingBeforeRename(), conf, FsConstants.LOCAL_FS_URI.getScheme(), false);
  }

  private static final class StoppingBeforeRename extends RawLocalFileSystem {
    @Override
    public boolean rename(Path source, Path target) throws IOException {
      Gate.pass("before rename");
      return super.rename(source, target);
    }
  }
}
