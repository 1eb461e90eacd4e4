"""What would stop a browser from showing a server's pages, found out before the browser does."""
