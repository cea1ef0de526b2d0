"""What a report's page is given, part by part."""
