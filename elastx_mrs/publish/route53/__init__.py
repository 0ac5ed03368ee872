"""Publishes through Amazon Route 53: hosted zones found by name, credentials as boto3 finds them."""
