"""A fictional MSP closes its months: made-up bills, made-up customers, the real production line."""

from billow.usecases.demo.close_demo_month import DemoInvoice, DemoReport, close_demo_month

__all__ = ["DemoInvoice", "DemoReport", "close_demo_month"]
